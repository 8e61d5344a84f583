import Contracts

/// The newest events in the order of their cursors, as many as fit into a number of bytes.
///
/// Clients read it by cursor, so a slow one costs nothing but its place in it.
struct EventRing {
    struct Entry {
        var event: MeasurementEvent
        /// The notification that everyone gets who wants all targets.
        var notification: [UInt8]
    }

    private let maximumBytes: Int
    private var entries: [Entry] = []
    private var first = 0
    private var bytes = 0
    /// The cursor before the oldest event that is still here.
    private(set) var start: Int
    /// The cursor of the newest event.
    private(set) var end: Int

    init(maximumBytes: Int, start: Int) {
        self.maximumBytes = maximumBytes
        self.start = start
        end = start
    }

    mutating func append(_ entry: Entry) {
        entries.append(entry)
        bytes += entry.notification.count
        end = entry.event.cursor
        while bytes > maximumBytes, first < entries.count - 1 {
            bytes -= entries[first].notification.count
            start = entries[first].event.cursor
            first += 1
        }
        guard first > 1_024, first > entries.count / 2 else { return }
        entries.removeFirst(first)
        first = 0
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
