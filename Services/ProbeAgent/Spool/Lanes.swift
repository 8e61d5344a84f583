/// Which rows are to be read next: those that have just come, and those that were left behind.
///
/// As long as the store keeps up everything is live. When it was away, the rows that wait become backlog and live goes
/// on at the newest, so that what is seen now is known now, and history fills in behind it.
struct Lanes: Sendable {
    /// The next row of each lane; the end of the live lane is the head of the log.
    private(set) var live: Int
    private(set) var backlog: RowRanges
    /// When the live lane was last empty, as it is until something is appended.
    private var caughtUp: ContinuousClock.Instant
    private let patience: Duration

    /// Rows that wait at the start are live when they are few.
    init(
        waiting: [Range<Int>],
        head: Int,
        liveRows: Int,
        patience: Duration,
        now: ContinuousClock.Instant
    ) {
        let isShort = waiting.reduce(0) { $0 + $1.count } <= liveRows
        live = isShort ? waiting.first?.lowerBound ?? head : head
        backlog = RowRanges(isShort ? [] : waiting)
        self.patience = patience
        caughtUp = now
    }

    /// To be called before rows are added behind `head`.
    mutating func willAppend(head: Int, now: ContinuousClock.Instant) {
        if live == head { caughtUp = now }
    }

    /// What a lane is to read next; `nil` when there is nothing for it.
    mutating func next(_ lane: Lane, head: Int, now: ContinuousClock.Instant) -> Range<Int>? {
        switch lane {
        case .backlog:
            return backlog.ranges.first
        case .live:
            if live < head, caughtUp.duration(to: now) > patience {
                backlog.insert(live..<head)
                live = head
            }
            if live == head { caughtUp = now }
            return live < head ? live..<head : nil
        }
    }

    /// These rows have been read.
    mutating func take(_ rows: Range<Int>, _ lane: Lane, head: Int, now: ContinuousClock.Instant) {
        switch lane {
        case .backlog:
            backlog.remove(rows)
        case .live:
            live = rows.upperBound
            if live >= head { caughtUp = now }
        }
    }
}
