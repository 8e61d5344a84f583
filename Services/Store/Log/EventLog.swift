import Contracts
import Database
import Lifecycle
import Synchronization

/// A batch of new rows as it was committed.
struct StoredEvent: Sendable {
    let cursor: Int
    /// A `MeasurementBatch` as JSON.
    let batch: ArraySlice<UInt8>
}

/// What was committed, in that order: the newest of it in memory, all of it in the database.
///
/// Whoever is up to date is served from memory and never waits for the database's reader.
final class EventLog: Sendable {
    private struct Tail {
        var events: [StoredEvent] = []
        var bytes = 0
    }

    /// Bytes of the newest events that stay in memory; the very newest always does.
    private static let tailBytes = 4 << 20
    /// Bytes that are handed out at a time; at least one event is.
    private static let chunkBytes = 512 << 10

    private let database: any Database
    private let series: SeriesTable
    private let tail = Mutex(Tail())
    /// The newest cursor.
    private let committed: Latest<Int>

    init(_ database: any Database, _ series: SeriesTable, newest: Int) {
        self.database = database
        self.series = series
        committed = Latest(newest)
    }

    var newest: Int { committed.current.value }
    /// Streams that wait for what comes next.
    var followerCount: Int { committed.waiterCount }

    /// Takes note of an event that was committed.
    func append(_ event: StoredEvent) {
        tail.withLock { tail in
            tail.events.append(event)
            tail.bytes += event.batch.count
            var dropped = 0
            while tail.bytes > Self.tailBytes, dropped < tail.events.count - 1 {
                tail.bytes -= tail.events[dropped].batch.count
                dropped += 1
            }
            tail.events.removeFirst(dropped)
        }
        committed.update(event.cursor)
    }

    /// Serves everybody from the database for now: what is in memory has rows of targets that are no more.
    func forgetTail() {
        tail.withLock { $0 = Tail() }
    }

    /// Ends all waiting.
    func finish() {
        committed.finish()
    }

    /// Where a stream after `cursor` can begin: later when what is between is gone, and at the newest at the latest.
    func start(after cursor: Int?) async throws -> Int {
        let newest = newest
        guard let cursor, cursor < newest else { return newest }
        let oldest = try await database.read(as: defaultTenant) { connection in
            let oldest: SQL = "SELECT min(cursor) FROM event WHERE tenant = \(defaultTenant)"
            return try connection.value(oldest, as: Int?.self) ?? nil
        }
        return max(cursor, (oldest ?? newest + 1) - 1)
    }

    /// Some of the events after `cursor`, in their order; waits for the first, and is `nil` when there will be none.
    func next(after cursor: Int) async throws -> [StoredEvent]? {
        while true {
            let (version, newest) = committed.current
            if newest > cursor {
                if let events = recent(after: cursor) { return events }
                let events = try await stored(after: cursor)
                if !events.isEmpty { return events }
            }
            guard try await committed.next(after: version) != nil else { return nil }
        }
    }

    /// From memory; `nil` when that does not reach back so far.
    private func recent(after cursor: Int) -> [StoredEvent]? {
        tail.withLock { tail in
            guard let first = tail.events.first, first.cursor <= cursor + 1 else { return nil }
            var bytes = 0
            return Array(
                tail.events.dropFirst(cursor + 1 - first.cursor).prefix { event in
                    defer { bytes += event.batch.count }
                    return bytes < Self.chunkBytes
                }
            )
        }
    }

    private func stored(after cursor: Int) async throws -> [StoredEvent] {
        try await database.read(as: defaultTenant) { [series] connection in
            guard let commit = try connection.commit(after: cursor) else { return [] }
            return [StoredEvent(cursor: commit.cursor, batch: commit.batch(series).json[...])]
        }
    }
}

extension DatabaseConnection {
    /// The first commit after a cursor.
    func commit(after cursor: Int) throws -> CommittedRows? {
        let packer = try RowPacker(level: 1)
        let query: SQL = """
            SELECT cursor, numbers, metadata FROM event WHERE tenant = \(defaultTenant) AND cursor > \(cursor)
            ORDER BY cursor LIMIT 1
            """
        return try first(query) { row in
            let packed = PackedRows(numbers: try row.blob(1), metadata: try row.blob(2))
            return CommittedRows(cursor: try row[0], rows: try packer.stored(packed))
        }
    }
}

extension CommittedRows {
    /// The rows as their agent sent them, but for series without rows.
    func batch(_ table: SeriesTable) -> MeasurementBatch {
        var batch = MeasurementBatch(agentID: .placeholder, origin: "", series: [], columns: rows)
        var rows = rows
        let forgotten = table.forgotten(of: rows.series)
        if !forgotten.isEmpty {
            rows = rows.picked(rows.series.indices.filter { !forgotten.contains(rows.series[$0]) })
        }
        batch.columns = rows
        var indices: [Int: Int] = [:]
        for (row, number) in rows.series.enumerated() {
            if indices[number] == nil {
                let key = table.record(number).key
                (batch.agentID, batch.origin) = (key.agentID, key.origin)
                indices[number] = batch.series.count
                batch.series.append(key.series)
            }
            batch.columns.series[row] = indices[number] ?? 0
        }
        return batch
    }
}
