import Contracts
import Database
import Lifecycle
import Observability
import Synchronization

/// Moves rows from the head into chunks and roll-ups, some series at a time.
///
/// A transaction writes what some series gain, and with it how far they are: whenever the process ends, what is left
/// begins where the last one stopped, and no row is counted twice.
struct Compaction: Sendable {
    /// Rows that one transaction moves, about.
    private static let rowsAtOnce = 10_000

    let database: any Database
    let settings: CompactionSettings
    let series: SeriesTable
    let head: Head
    let clock: any Clock<Duration>
    let log: Log
    let metrics: CompactionMetrics

    /// Runs until it is cancelled.
    func run() async throws {
        while true {
            try await wait()
            if try await !flushOldest() { try await clock.sleep(for: .seconds(1)) }
        }
    }

    /// Moves the oldest rows there are; `false` when the database failed.
    @discardableResult
    func flushOldest() async throws -> Bool {
        guard let segment = head.seal() else { return true }
        do {
            let start = ContinuousClock.now
            let rows = try await flush(segment)
            head.drop(segment)
            metrics.seconds.observe((ContinuousClock.now - start) / .seconds(1))
            metrics.rows.increment(by: rows)
            return true
        } catch let error as DatabaseError {
            metrics.failures.increment()
            log.error("cannot move measurements into chunks", ["error": "\(error)"])
            return false
        }
    }

    /// Until there are many rows, or some time has gone by.
    private func wait() async throws {
        let isDue = Flag()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                try await clock.sleep(for: settings.interval)
                isDue.raise()
                head.commits.update(())
            }
            while true {
                let version = head.commits.current.version
                if isDue.isRaised || isFull { break }
                _ = try await head.commits.next(after: version)
            }
            group.cancelAll()
        }
    }

    private var isFull: Bool {
        let segments = head.segments
        return segments.count > 1 || segments[0].rowCount >= settings.rows || segments[0].byteCount >= settings.bytes
    }

    /// Moves all rows of a segment; returns how many there were.
    func flush(_ segment: HeadSegment) async throws -> Int {
        guard let cursor = segment.lastCursor else { return 0 }
        var rows = 0
        var rest = segment.series.sorted()[...]
        while !rest.isEmpty {
            let (moved, count) = try await flush(segment, some: rest, upTo: cursor)
            rows += moved
            rest = rest.dropFirst(count)
        }
        let tenant = defaultTenant
        _ = try await database.write { connection in
            try connection.execute(
                """
                INSERT INTO flushed (tenant, cursor) VALUES (\(tenant), \(cursor))
                ON CONFLICT (tenant) DO UPDATE SET cursor = excluded.cursor
                """
            )
        }
        return rows
    }

    /// Moves the rows of as many series as one transaction takes; returns how many rows and series those were.
    private func flush(
        _ segment: HeadSegment,
        some series: ArraySlice<Int>,
        upTo cursor: Int
    ) async throws -> (rows: Int, series: Int) {
        let progress = self.series
        let (statements, rows, count) = try await database.read { connection in
            let packer = try RowPacker(level: settings.level)
            var statements: [SQL] = []
            var (rows, count) = (0, 0)
            for number in series where rows < Self.rowsAtOnce {
                var own = progress.progress(number)
                own.flushed = cursor
                let flush = try SeriesFlush(
                    segment,
                    number,
                    own,
                    tenant: progress.record(number).key.tenant,
                    on: connection,
                    packer
                )
                statements += flush.statements
                rows += flush.rowCount
                count += 1
            }
            return (statements, rows, count)
        }
        _ = try await database.write { connection in
            for statement in statements { try connection.execute(statement) }
        }
        return (rows, count)
    }
}

/// Raised by one task and seen by another.
private final class Flag: Sendable {
    private let raised = Atomic(false)

    var isRaised: Bool { raised.load(ordering: .acquiring) }

    func raise() { raised.store(true, ordering: .releasing) }
}

/// What is counted of rows on their way into chunks.
struct CompactionMetrics: Sendable {
    let rows: Counter
    let failures: Counter
    let seconds: Histogram

    init(_ metrics: Metrics, _ head: Head) {
        rows = metrics.counter("sonde_store_chunk_rows_total", "Measurements moved into chunks.")()
        failures = metrics.counter("sonde_store_chunk_failures_total", "Moves into chunks that failed.")()
        seconds = metrics.histogram("sonde_store_chunk_seconds", "Time to move a part of the log into chunks.")()
        metrics.gauge("sonde_store_head_rows", "Measurements that are not in chunks yet.") { Double(head.rowCount) }
    }
}
