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

    private init(_ database: any Database, _ series: SeriesTable, newest: Int) {
        self.database = database
        self.series = series
        committed = Latest(newest)
    }

    static func open(_ database: any Database, _ series: SeriesTable) async throws -> EventLog {
        let newest = try await database.read { try $0.value("SELECT max(cursor) FROM event", as: Int?.self) ?? nil }
        return EventLog(database, series, newest: newest ?? 0)
    }

    var newest: Int { committed.current.value }
    /// Streams that wait for what comes next.
    var followerCount: Int { committed.waiterCount }

    /// Takes note of events that were committed.
    func append(_ events: [StoredEvent]) {
        guard let last = events.last else { return }
        tail.withLock { tail in
            tail.events += events
            tail.bytes += events.reduce(0) { $0 + $1.batch.count }
            var dropped = 0
            while tail.bytes > Self.tailBytes, dropped < tail.events.count - 1 {
                tail.bytes -= tail.events[dropped].batch.count
                dropped += 1
            }
            tail.events.removeFirst(dropped)
        }
        committed.update(last.cursor)
    }

    /// Ends all waiting.
    func finish() {
        committed.finish()
    }

    /// Where a stream after `cursor` can begin: later when what is between is gone, and at the newest at the latest.
    func start(after cursor: Int?) async throws -> Int {
        let newest = newest
        guard let cursor, cursor < newest else { return newest }
        let oldest = try await database.read { try $0.value("SELECT min(cursor) FROM event", as: Int?.self) ?? nil }
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
        try await database.read { [series] connection in
            let query: SQL = "SELECT cursor, keys FROM event WHERE cursor > \(cursor) ORDER BY cursor LIMIT 1"
            let event = try connection.first(query) { row in (cursor: try row.integer(0), keys: try row.blob(1)) }
            guard let event else { return [] }
            let batch = try connection.batch(of: try EventKeys.decode(event.keys), series)
            return [StoredEvent(cursor: Int(event.cursor), batch: batch.json[...])]
        }
    }
}

extension DatabaseConnection {
    /// The rows that `keys` name, all of one agent, in that order; those that are gone are left out.
    fileprivate func batch(of keys: [EventKeys.Key], _ table: SeriesTable) throws -> MeasurementBatch {
        var batch = MeasurementBatch(agentID: .placeholder, origin: "", series: [], columns: MeasurementColumns())
        var indices: [Int: Int] = [:]
        for key in keys {
            let query: SQL = """
                SELECT \(MeasurementRow.columns) FROM measurement
                WHERE series = \(key.series) AND timestamp = \(key.timestamp) AND id = \(key.id.bytes)
                """
            guard let row = try first(query, MeasurementRow.init) else { continue }
            if indices[key.series] == nil {
                let record = table.record(key.series)
                (batch.agentID, batch.origin) = (record.key.agentID, record.key.origin)
                indices[key.series] = batch.series.count
                batch.series.append(record.key.series)
            }
            batch.columns.append(row, series: indices[key.series] ?? 0)
        }
        return batch
    }
}
