import Contracts

/// Finds the series of imported rows.
///
/// Rows go where rows of that target's name, type and agent's name went first, so that what was exported comes back to
/// its place. Where there are none, ids are made of the names.
struct ImportSeries {
    private struct Question: Hashable {
        var name: SeriesName
        var targetID: TargetID?
        var checkID: CheckID?
        var agentID: AgentID?
        var endpoint: String?
    }

    private let tenant: TenantID
    private let table: SeriesTable
    private let targets: [String: TargetID]
    private var found: [Question: [SeriesRecord]] = [:]

    init(of tenant: TenantID, _ table: SeriesTable, targets: [String: TargetID]) {
        self.tenant = tenant
        self.table = table
        self.targets = targets
    }

    mutating func key(of row: ImportedRow) -> SeriesKey {
        let question = Question(
            name: SeriesName(tenant: tenant, target: row.target, type: row.type, origin: row.origin),
            targetID: row.targetID ?? targets[row.target],
            checkID: row.checkID,
            agentID: row.agentID,
            endpoint: row.endpoint
        )
        let records = found[question] ?? records(question)
        found[question] = records
        // Another interval began a new series: the row is of the one that was the newest then.
        let time = row.row.timestamp.microseconds
        let record = records.last { $0.firstAt <= time } ?? records.first
        return record?.key ?? Self.newKey(question)
    }

    /// The series of the first vantage that answers, by when they began.
    private func records(_ question: Question) -> [SeriesRecord] {
        let records = table.series(named: question.name).filter { record in
            let series = record.key.series
            return question.targetID.map { $0 == series.targetID } ?? true
                && question.checkID.map { $0 == series.checkID } ?? true
                && question.agentID.map { $0 == record.key.agentID } ?? true
                && question.endpoint.map { $0 == series.endpoint } ?? true
        }
        guard let first = records.first else { return [] }
        return records.filter { $0.vantage == first.vantage && $0.key.series.targetID == first.key.series.targetID }
            .sorted { ($0.firstAt, $0.id) < ($1.firstAt, $1.id) }
    }

    private static func newKey(_ question: Question) -> SeriesKey {
        let name = question.name
        let target =
            question.targetID
            ?? TargetID(rawValue: DerivedID("target", of: name.tenant, [name.target]).uuid.description)
        let check = DerivedID("check", of: name.tenant, [target.rawValue, name.type.rawValue]).uuid.description
        let agent = DerivedID("agent", of: name.tenant, [name.origin]).uuid.description
        let series = MeasurementSeries(
            checkID: question.checkID ?? CheckID(rawValue: check),
            targetID: target,
            target: name.target,
            type: name.type,
            endpoint: question.endpoint ?? ""
        )
        return SeriesKey(
            tenant: name.tenant,
            agentID: question.agentID ?? AgentID(rawValue: agent),
            origin: name.origin,
            series: series
        )
    }
}
