import Contracts
import Database
import DatabaseCalls
import Lifecycle
import Observability
import Synchronization

/// Moves rows from the head into chunks and roll-ups, some series at a time.
///
/// A transaction writes what some series gain, and with it how far they are: whenever the process ends, what is left
/// begins where the last one stopped, and no row is counted twice.
struct Compaction: Sendable {
    /// How long a store that moves rows is left alone by others, after each transaction.
    private static let leaseTime = Duration.seconds(30)

    let database: any Database
    let settings: CompactionSettings
    let replica: Replica
    let clock: any Clock<Duration>
    let now: @Sendable () -> Timestamp
    let log: Log
    let metrics: CompactionMetrics
    let lease: Lease

    private var head: Head { replica.head }

    /// Runs until it is cancelled.
    func run() async throws {
        while true {
            try await wait()
            if try await !flushOldest() { try await clock.sleep(for: .seconds(1)) }
        }
    }

    /// Moves the oldest rows there are, or lets them go when another store has moved them; `false` when neither was
    /// possible now.
    @discardableResult
    func flushOldest() async throws -> Bool {
        guard let segment = head.seal(), let cursor = segment.lastCursor else { return true }
        do {
            let start = ContinuousClock.now
            let isOurs = try await lease.take(now(), for: Self.leaseTime)
            let flushed = try await database.read(as: .every) { try $0.flushedCursor() }
            if flushed < cursor {
                guard isOurs else { return false }
                metrics.rows.increment(by: try await flush(segment, upTo: cursor))
            }
            head.drop(segment)
            metrics.seconds.observe((ContinuousClock.now - start) / .seconds(1))
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
    private func flush(_ segment: HeadSegment, upTo cursor: Int) async throws -> Int {
        var rows = 0
        let forgotten = replica.series.forgotten(of: segment.series)
        var rest = segment.series.filter { !forgotten.contains($0) }.sorted()[...]
        while !rest.isEmpty {
            let (moved, count) = try await flush(segment, some: rest, upTo: cursor)
            rows += moved
            rest = rest.dropFirst(count)
        }
        _ = try await database.write(as: .every) { connection in
            try connection.execute(
                """
                INSERT INTO flushed (tenant, cursor) VALUES (\(TenantID.every.rawValue), \(cursor))
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
        let (flushes, remade) = try await database.read(as: .every) { [replica, settings] connection in
            let packer = RowPacker(level: settings.level)
            let few = segment.few(of: series, rows: settings.rowsAtOnce)
            let source = try FlushSource(segment, few, on: connection, packer)
            let flushes = try source.series.map { series in
                var progress = replica.series.progress(series.number)
                progress.flushed = cursor
                let tenant = replica.series.record(series.number).key.tenant
                return try SeriesFlush(series, progress, tenant: tenant, packer) { place in
                    try connection.packedRows(of: place)
                }
            }
            return (flushes, source.remade)
        }
        try await database.addPartitions(for: Set(flushes.flatMap(\.days)))
        let end = now().advanced(by: Self.leaseTime)
        _ = try await database.write(as: .every) { connection in
            try connection.take(.chunks)
            // Another store may have moved them since they were read, if it took this one for dead.
            var flushed = Array(repeating: 0, count: flushes.count)
            try connection.queryAll(flushes.map { .flushedCursor(of: $0.series) }) { index, row in
                flushed[index] = try row[0]
            }
            guard flushed == flushes.map(\.flushed) else {
                throw DatabaseError(.busy, "another store has moved the same rows")
            }
            try connection.executeAll(flushes.flatMap(\.statements))
            try lease.extend(to: end, on: connection)
        }
        let damaged = flushes.reduce(0) { $0 + $1.damaged }
        if damaged > 0 { log.error("put rows beside chunks that cannot be read", ["chunks": "\(damaged)"]) }
        if remade > 0 { log.error("made roll-ups again that could not be read", ["rollups": "\(remade)"]) }
        return (flushes.reduce(0) { $0 + $1.rowCount }, flushes.count)
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
