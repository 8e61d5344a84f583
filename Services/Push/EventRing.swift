import Contracts

/// The newest events of a tenant in the order of their cursors.
///
/// Clients read it by cursor, so a slow one costs nothing but its place in it.
struct EventRing {
    struct Entry {
        var event: MeasurementEvent
        /// The notification that everyone gets who wants all targets.
        var notification: [UInt8]
    }

    private var entries: [Entry] = []
    private var first = 0
    /// The cursor before the oldest event that is still here.
    private(set) var start: Int
    /// The cursor of the newest event.
    private(set) var end: Int

    init(start: Int) {
        self.start = start
        end = start
    }

    /// `false` for an event that is not newer than the others.
    mutating func append(_ entry: Entry) -> Bool {
        guard entry.event.cursor > end else { return false }
        entries.append(entry)
        end = entry.event.cursor
        return true
    }

    /// Lets the oldest event go; returns how many bytes its notification had.
    mutating func removeFirst() -> Int {
        guard first < entries.count else { return 0 }
        let bytes = entries[first].notification.count
        start = entries[first].event.cursor
        // What it holds goes at once, its place in the array later.
        entries[first].notification = []
        first += 1
        if first > 1_024, first > entries.count / 2 {
            entries.removeFirst(first)
            first = 0
        }
        return bytes
    }

    /// The oldest event after `cursor` that is still here; `nil` when there is none yet.
    func next(after cursor: Int) -> Entry? {
        var low = first
        var high = entries.count
        while low < high {
            let middle = (low + high) / 2
            if entries[middle].event.cursor <= cursor { low = middle + 1 } else { high = middle }
        }
        return low < entries.count ? entries[low] : nil
    }
}
