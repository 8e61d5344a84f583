import Contracts
import Database
import JSONRPC
import Synchronization

/// Every series there is, its number and its newest row, in memory.
///
/// Numbers are given out here, ahead of the database: a series is unsaved until a transaction has written it down.
final class SeriesTable: Sendable {
    private struct State {
        var records: [SeriesRecord] = []
        var ids: [SeriesKey: Int] = [:]
        var byTarget: [TargetID: [Int]] = [:]
        /// Of the series with the number `index + 1`.
        var newest: [MeasurementRow?] = []
        var savedCount = 0

        mutating func add(_ key: SeriesKey, newest row: MeasurementRow?) -> Int {
            let record = SeriesRecord(id: records.count + 1, key: key)
            records.append(record)
            newest.append(row)
            ids[key] = record.id
            byTarget[key.series.targetID, default: []].append(record.id)
            return record.id
        }
    }

    private let state = Mutex(State())
    private let limit: Int

    init(limit: Int) { self.limit = limit }

    /// Reads all series and the newest row of each.
    func load(from database: any Database) async throws {
        let loaded = try await database.read { connection in
            try connection.seriesRecords().map { record in
                (record, try connection.newestRow(of: record.id))
            }
        }
        try state.withLock { state in
            for (record, row) in loaded {
                guard state.add(record.key, newest: row) == record.id else {
                    throw DatabaseError(.corrupt, "the numbers of series have gaps")
                }
            }
            state.savedCount = state.records.count
        }
    }

    /// The numbers of series, known or new, in their order; throws `conflict` when there would be too many.
    func numbers(of keys: [SeriesKey]) throws(RPCError) -> [Int] {
        try state.withLock { state throws(RPCError) in
            let new = keys.count { state.ids[$0] == nil }
            guard state.records.count + new <= limit else {
                throw RPCError(.conflict, "there are \(state.records.count) series already, and the limit is \(limit)")
            }
            return keys.map { key in state.ids[key] ?? state.add(key, newest: nil) }
        }
    }

    /// The series that are not in the database yet.
    var unsaved: [SeriesRecord] {
        state.withLock { Array($0.records[$0.savedCount...]) }
    }

    /// Takes note of a committed transaction: series up to a number were saved, and rows are the newest of theirs.
    func noteCommit(savedUpTo id: Int?, rows: [(series: Int, row: MeasurementRow)]) {
        state.withLock { state in
            if let id { state.savedCount = max(state.savedCount, id) }
            for (series, row) in rows {
                guard let newest = state.newest[series - 1], !row.isNewer(than: newest) else {
                    state.newest[series - 1] = row
                    continue
                }
            }
        }
    }

    /// Forgets newest rows that are older than `time`, since they are about to be removed.
    func forget(before time: Int64) {
        state.withLock { state in
            for index in state.newest.indices
            where state.newest[index].map({ $0.timestamp.microseconds < time }) == true {
                state.newest[index] = nil
            }
        }
    }

    /// The series that a filter leaves over and that have rows.
    func series(
        of tenant: String,
        target: TargetID? = nil,
        check: CheckID? = nil,
        agent: AgentID? = nil,
        type: CheckType? = nil
    ) -> [(record: SeriesRecord, newest: MeasurementRow)] {
        state.withLock { state in
            let ids = target.map { state.byTarget[$0] ?? [] } ?? Array(1..<state.records.count + 1)
            return ids.compactMap { id in
                let record = state.records[id - 1]
                guard record.key.tenant == tenant, check.map({ $0 == record.key.series.checkID }) ?? true,
                    agent.map({ $0 == record.key.agentID }) ?? true,
                    type.map({ $0 == record.key.series.type }) ?? true, let newest = state.newest[id - 1]
                else { return nil }
                return (record, newest)
            }
        }
    }

    func record(_ number: Int) -> SeriesRecord {
        state.withLock { $0.records[number - 1] }
    }

    var count: Int { state.withLock { $0.records.count } }
}

extension DatabaseConnection {
    fileprivate func seriesRecords() throws -> [SeriesRecord] {
        try rows(
            "SELECT id, tenant, target_id, check_id, agent_id, target, type, origin, endpoint FROM series ORDER BY id"
        ) { row in
            guard let type = CheckType(rawValue: try row.text(6)) else {
                throw DatabaseError(.corrupt, "a series has an unknown type")
            }
            let series = MeasurementSeries(
                checkID: CheckID(rawValue: try row.text(3)),
                targetID: TargetID(rawValue: try row.text(2)),
                target: try row.text(5),
                type: type,
                endpoint: try row.text(8)
            )
            let key = SeriesKey(
                tenant: try row.text(1),
                agentID: AgentID(rawValue: try row.text(4)),
                origin: try row.text(7),
                series: series
            )
            return SeriesRecord(id: try row[0], key: key)
        }
    }

    func insert(_ record: SeriesRecord) throws {
        let series = record.key.series
        try execute(
            """
            INSERT INTO series (id, tenant, target_id, check_id, agent_id, target, type, endpoint, origin)
            VALUES (\(record.id), \(record.key.tenant), \(series.targetID.rawValue), \(series.checkID.rawValue),
                \(record.key.agentID.rawValue), \(series.target), \(series.type.rawValue), \(series.endpoint),
                \(record.key.origin))
            """
        )
    }

    func newestRow(of series: Int) throws -> MeasurementRow? {
        try first(
            """
            SELECT \(MeasurementRow.columns) FROM measurement WHERE series = \(series)
            ORDER BY timestamp DESC, id DESC LIMIT 1
            """,
            MeasurementRow.init
        )
    }
}
