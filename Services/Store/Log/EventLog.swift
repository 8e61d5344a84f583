import Contracts
import Database
import DatabaseCalls
import Lifecycle
import Synchronization

/// A batch of new rows as it was committed; its places are those of `CommittedRows`.
struct StoredEvent: Sendable {
    let cursor: Int
    let tenant: TenantID
    let number: Int
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
    /// The newest number of each tenant.
    private let numbers: Mutex<[TenantID: Int]>

    init(_ database: any Database, _ series: SeriesTable, newest: Int, numbers: [TenantID: Int]) {
        self.database = database
        self.series = series
        self.numbers = Mutex(numbers)
        committed = Latest(newest)
    }

    var newest: Int { committed.current.value }

    func newest(of tenant: TenantID) -> Int { numbers.withLock { $0[tenant] ?? 0 } }

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
        numbers.withLock { $0[event.tenant] = max($0[event.tenant] ?? 0, event.number) }
        committed.update(event.cursor)
    }

    /// Serves everybody from the database for now: what is in memory has rows of targets that are no more, or
    /// that have expired.
    func forgetTail() {
        tail.withLock { $0 = Tail() }
    }

    /// Ends all waiting.
    func finish() {
        committed.finish()
    }

    /// Where a stream after `place` can begin: later when what is between is gone, and at the newest at the latest.
    func start(of follower: Follower, after place: Int?) async throws -> Int {
        let newest = newest(for: follower)
        guard let place, place < newest else { return newest }
        let oldest = try await database.read(as: .every) { try $0.oldestPlace(for: follower) }
        return max(place, (oldest ?? newest + 1) - 1)
    }

    /// Some of the events after `place`, in their order; waits for the first, and is `nil` when there will be none.
    func next(for follower: Follower, after place: Int) async throws -> [StoredEvent]? {
        while true {
            let version = committed.current.version
            if newest(for: follower) > place {
                if let events = recent(for: follower, after: place) { return events }
                let events = try await stored(for: follower, after: place)
                if !events.isEmpty { return events }
            }
            guard try await committed.next(after: version) != nil else { return nil }
        }
    }

    private func newest(for follower: Follower) -> Int {
        switch follower {
        case .everything: newest
        case .tenant(let tenant): newest(of: tenant)
        }
    }

    /// From memory; `nil` when that does not reach back so far.
    private func recent(for follower: Follower, after place: Int) -> [StoredEvent]? {
        tail.withLock { tail in
            // From the end, where most followers are.
            var start = tail.events.endIndex
            var reached: Int?
            while start > 0, reached ?? .max > place + 1 {
                start -= 1
                reached = tail.events[start].place(for: follower) ?? reached
            }
            guard let reached, reached <= place + 1 else { return nil }
            var bytes = 0
            return tail.events[start...].filter { event in
                guard let own = event.place(for: follower), own > place, bytes < Self.chunkBytes else { return false }
                bytes += event.batch.count
                return true
            }
        }
    }

    private func stored(for follower: Follower, after place: Int) async throws -> [StoredEvent] {
        try await database.read(as: .every) { [series] connection in
            guard let commit = try connection.commit(for: follower, after: place) else { return [] }
            return [commit.event(series)]
        }
    }
}

/// Who reads the log: services read all of it, and a tenant's people what is theirs, each in an order without holes.
enum Follower: Sendable {
    case everything
    case tenant(TenantID)
}

extension StoredEvent {
    /// Where a follower finds it; `nil` for one who does not see it.
    func place(for follower: Follower) -> Int? {
        switch follower {
        case .everything: cursor
        case .tenant(let tenant): tenant == self.tenant ? number : nil
        }
    }
}

extension DatabaseConnection {
    /// The first commit after a place.
    func commit(for follower: Follower = .everything, after place: Int) throws -> CommittedRows? {
        let packer = RowPacker(level: 1)
        let condition: SQL =
            switch follower {
            case .everything: "cursor > \(place) ORDER BY cursor"
            case .tenant(let tenant): "tenant = \(tenant.rawValue) AND number > \(place) ORDER BY number"
            }
        let query: SQL = "SELECT cursor, tenant, number, numbers, metadata FROM event WHERE \(condition) LIMIT 1"
        return try first(query) { row in
            let packed = PackedRows(numbers: try row.blob(3), metadata: try row.blob(4))
            return CommittedRows(
                cursor: try row[0],
                tenant: TenantID(rawValue: try row.text(1)),
                number: try row[2],
                rows: try packer.stored(packed)
            )
        }
    }

    /// The newest number of each tenant.
    func newestNumbers() throws -> [TenantID: Int] {
        let numbers = try rows("SELECT tenant, max(number) FROM event GROUP BY tenant") { row in
            (TenantID(rawValue: try row.text(0)), try row[1] as Int)
        }
        return Dictionary(numbers) { first, _ in first }
    }

    /// From where on the log has everything.
    fileprivate func oldestPlace(for follower: Follower) throws -> Int? {
        switch follower {
        case .everything:
            // Of each tenant the newest commit stays, however old it is.
            let pruned: Int =
                try value("SELECT cursor FROM pruned WHERE tenant = \(TenantID.every.rawValue)") ?? 0
            return try value("SELECT min(cursor) FROM event WHERE cursor > \(pruned)", as: Int?.self) ?? nil
        case .tenant(let tenant):
            return try value("SELECT min(number) FROM event WHERE tenant = \(tenant.rawValue)", as: Int?.self) ?? nil
        }
    }
}

extension CommittedRows {
    /// As followers get it.
    func event(_ table: SeriesTable) -> StoredEvent {
        StoredEvent(cursor: cursor, tenant: tenant, number: number, batch: batch(table).json[...])
    }

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
