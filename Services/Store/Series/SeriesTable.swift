import Contracts
import Database
import DatabaseCalls
import Synchronization

/// Every series there is, its number and its newest row, in memory.
final class SeriesTable: Sendable {
    private struct State {
        var records: [SeriesRecord] = []
        var ids: [SeriesKey: Int] = [:]
        var byTarget: [TenantTarget: [Int]] = [:]
        var byName: [SeriesName: [Int]] = [:]
        /// Of the series with the number `index + 1`.
        var newest: [MeasurementRow?] = []
        var marks: [SeriesMark] = []
        /// Targets that are no more, and their series.
        var forgotten: Set<TenantTarget> = []
        /// Whose the checks are that agents have reported.
        var owners: [ReportedCheck: TenantID] = [:]
        var forgottenSeries: Set<Int> = []

        mutating func add(_ record: SeriesRecord) {
            precondition(record.id == records.count + 1, "numbers of series have no gaps")
            records.append(record)
            newest.append(nil)
            marks.append(SeriesMark())
            ids[record.key] = record.id
            byTarget[record.key.tenantTarget, default: []].append(record.id)
            if record.isNameless || forgotten.contains(record.key.tenantTarget) { forgottenSeries.insert(record.id) }
            if record.isVerified { owners[record.key.reportedCheck] = record.key.tenant }
            byName[record.name, default: []].append(record.id)
        }

        mutating func forget(_ target: TenantTarget) {
            guard forgotten.insert(target).inserted else { return }
            for series in byTarget[target] ?? [] {
                forgottenSeries.insert(series)
                newest[series - 1] = nil
            }
        }

        mutating func take(_ row: MeasurementRow, of series: Int) {
            guard !forgottenSeries.contains(series) else { return }
            if let newest = newest[series - 1], !row.isNewer(than: newest) { return }
            newest[series - 1] = row
        }

        /// The numbers of the series that a filter leaves over.
        func numbers(
            of tenant: TenantID,
            target: TargetID?,
            among targets: Set<TargetID>?,
            check: CheckID?,
            agent: AgentID?,
            type: CheckType?
        ) -> [Int] {
            let ids =
                target.map { byTarget[TenantTarget(tenant: tenant, target: $0)] ?? [] }
                ?? Array(1..<records.count + 1)
            return ids.filter { id in
                let key = records[id - 1].key
                return key.tenant == tenant && targets?.contains(key.series.targetID) ?? true
                    && check.map { $0 == key.series.checkID } ?? true && agent.map { $0 == key.agentID } ?? true
                    && type.map { $0 == key.series.type } ?? true
            }
        }
    }

    private let state = Mutex(State())
    /// Series that there may be.
    let limit: Int

    init(limit: Int) { self.limit = limit }

    /// Reads all series, and how far each is.
    func load(from database: any Database) async throws {
        let (records, progress) = try await database.read(as: .every) { connection in
            (try connection.seriesRecords(after: 0), try connection.seriesProgress(RowPacker(level: 1)))
        }
        try state.withLock { state in
            for record in records {
                guard record.id == state.records.count + 1 else {
                    throw DatabaseError(.corrupt, "the numbers of series have gaps")
                }
                state.add(record)
            }
            for (series, progress) in progress {
                guard state.records.indices.contains(series - 1) else {
                    throw DatabaseError(.corrupt, "there is progress of a series that is none")
                }
                state.marks[series - 1] = progress.mark
                if let newest = progress.newest { state.take(newest, of: series) }
            }
        }
    }

    /// The number of a series; `nil` for one that is new.
    func number(of key: SeriesKey) -> Int? { state.withLock { $0.ids[key] } }

    /// Whose a check is, by what was stored of it before; `nil` when nothing was that an agent reported.
    func owner(of check: ReportedCheck) -> TenantID? { state.withLock { $0.owners[check] } }

    func mark(_ series: Int) -> SeriesMark { state.withLock { $0.marks[series - 1] } }

    /// What `progress` has of a series beside its cursor.
    func progress(_ series: Int) -> SeriesProgress {
        state.withLock { SeriesProgress(mark: $0.marks[series - 1], newest: $0.newest[series - 1]) }
    }

    /// Takes note of series and rows that were committed.
    func append(_ records: [SeriesRecord], _ rows: MeasurementColumns) {
        state.withLock { state in
            for record in records { state.add(record) }
            // Of each series the newest row only: making one costs more than comparing times.
            var newest: [Int: Int] = [:]
            for (row, series) in rows.series.enumerated() {
                state.marks[series - 1].take(rows.timestamp[row], rows.id[row])
                guard let other = newest[series],
                    (rows.timestamp[other], rows.id[other]) >= (rows.timestamp[row], rows.id[row])
                else {
                    newest[series] = row
                    continue
                }
            }
            for (series, row) in newest { state.take(rows[row: row], of: series) }
        }
    }

    /// Shows nothing more of targets.
    func forget(_ targets: some Sequence<TenantTarget>) {
        state.withLock { state in for target in targets { state.forget(target) } }
    }

    func isForgotten(_ target: TenantTarget) -> Bool { state.withLock { $0.forgotten.contains(target) } }

    /// Those of some series whose targets are no more.
    func forgotten(of series: some Sequence<Int>) -> Set<Int> {
        state.withLock { $0.forgottenSeries.intersection(series) }
    }

    /// Forgets newest rows that are older than their tenants keep them, since they are about to be removed.
    func forget(before time: (TenantID) -> Int64) {
        state.withLock { state in
            var times: [TenantID: Int64] = [:]
            for index in state.newest.indices {
                guard let newest = state.newest[index]?.timestamp.microseconds else { continue }
                let tenant = state.records[index].key.tenant
                let oldest = times[tenant] ?? time(tenant)
                times[tenant] = oldest
                if newest < oldest { state.newest[index] = nil }
            }
        }
    }

    /// The series that a filter leaves over and that had rows of `time` or later, of which sums at least are left.
    func summed(
        of tenant: TenantID,
        target: TargetID? = nil,
        among targets: Set<TargetID>? = nil,
        check: CheckID? = nil,
        agent: AgentID? = nil,
        type: CheckType? = nil,
        since time: Timestamp
    ) -> [SeriesRecord] {
        state.withLock { state in
            let ids = state.numbers(of: tenant, target: target, among: targets, check: check, agent: agent, type: type)
            return ids.filter { id in
                time.microseconds <= state.marks[id - 1].newestAt && !state.forgottenSeries.contains(id)
            }.map { state.records[$0 - 1] }
        }
    }

    /// The series that a filter leaves over and that have rows, of `time` or later.
    func series(
        of tenant: TenantID,
        target: TargetID? = nil,
        among targets: Set<TargetID>? = nil,
        check: CheckID? = nil,
        agent: AgentID? = nil,
        type: CheckType? = nil,
        since time: Timestamp? = nil
    ) -> [(record: SeriesRecord, newest: MeasurementRow)] {
        state.withLock { state in
            let ids = state.numbers(of: tenant, target: target, among: targets, check: check, agent: agent, type: type)
            return ids.compactMap { id in
                guard let newest = state.newest[id - 1], time.map({ $0 <= newest.timestamp }) ?? true else {
                    return nil
                }
                return (state.records[id - 1], newest)
            }
        }
    }

    /// The series whose rows look alike in a file, in the order in which they began to be stored.
    func series(named name: SeriesName) -> [SeriesRecord] {
        state.withLock { state in (state.byName[name] ?? []).map { state.records[$0 - 1] } }
    }

    /// The numbers of the series of each tenant.
    var numbers: [TenantID: [Int]] {
        state.withLock { state in Dictionary(grouping: state.records, by: \.key.tenant).mapValues { $0.map(\.id) } }
    }

    /// The series of a tenant that have a name.
    func records(of tenant: TenantID) -> [SeriesRecord] {
        state.withLock { $0.records.filter { $0.key.tenant == tenant && !$0.isNameless } }
    }

    func record(_ number: Int) -> SeriesRecord {
        state.withLock { $0.records[number - 1] }
    }

    var count: Int { state.withLock { $0.records.count } }
}

extension DatabaseConnection {
    /// Series with greater numbers, in their order.
    func seriesRecords(after number: Int) throws -> [SeriesRecord] {
        try rows(
            """
            SELECT id, tenant, target_id, check_id, agent_id, target, type, origin, endpoint, interval_ms, first_at,
                verified
            FROM series WHERE id > \(number) ORDER BY id
            """
        ) { row in
            let interval: Int = try row[9]
            guard let type = CheckType(rawValue: try row.text(6)) else {
                throw DatabaseError(.corrupt, "a series has an unknown type")
            }
            let series = MeasurementSeries(
                checkID: CheckID(rawValue: try row.text(3)),
                targetID: TargetID(rawValue: try row.text(2)),
                target: try row.text(5),
                type: type,
                endpoint: try row.text(8),
                intervalMilliseconds: interval == 0 ? nil : interval
            )
            let key = SeriesKey(
                tenant: TenantID(rawValue: try row.text(1)),
                agentID: AgentID(rawValue: try row.text(4)),
                origin: try row.text(7),
                series: series
            )
            return SeriesRecord(id: try row[0], key: key, firstAt: try row[10], isVerified: try row[11])
        }
    }
}

extension SQL {
    static func insert(_ record: SeriesRecord) -> SQL {
        let series = record.key.series
        return """
            INSERT INTO series (id, tenant, target_id, check_id, agent_id, target, type, endpoint, origin, interval_ms,
                first_at, verified)
            VALUES (\(record.id), \(record.key.tenant.rawValue), \(series.targetID.rawValue), \(series.checkID.rawValue),
                \(record.key.agentID.rawValue), \(series.target), \(series.type.rawValue), \(series.endpoint),
                \(record.key.origin), \(series.intervalMilliseconds ?? 0), \(record.firstAt),
                \(record.isVerified))
            """
    }
}
