import Contracts
import Database
import JSON
import JSONRPC

extension Maintenance {
    static let columns: SQL = """
        id, reason, starts_at, ends_at, target_ids, labels, created_by, created_at, updated_at
        """

    init(_ row: any DatabaseRow) throws {
        self.init(
            id: MaintenanceID(rawValue: try row.text(0)),
            reason: try row.text(1),
            from: Timestamp(microseconds: try row.integer(2)),
            to: Timestamp(microseconds: try row.integer(3)),
            targetIDs: try decodeJSON([TargetID].self, from: try row.text(4).utf8),
            labels: try decodeJSON([String: String].self, from: try row.text(5).utf8),
            createdBy: try row.text(6),
            createdAt: Timestamp(microseconds: try row.integer(7)),
            updatedAt: Timestamp(microseconds: try row.integer(8))
        )
    }
}

extension DatabaseConnection {
    /// Throws `notFound` when there is none.
    func maintenance(_ id: MaintenanceID, of tenant: TenantID) throws -> Maintenance {
        let query: SQL = """
            SELECT \(Maintenance.columns) FROM maintenance
            WHERE tenant = \(tenant.rawValue) AND id = \(id.rawValue)
            """
        guard let maintenance = try first(query, Maintenance.init) else {
            throw RPCError(.notFound, "there is no maintenance \(id)")
        }
        return maintenance
    }

    /// Adds a maintenance, or replaces the one that has its id.
    func upsert(_ maintenance: Maintenance, of tenant: TenantID) throws {
        try execute(
            """
            INSERT INTO maintenance (tenant, \(Maintenance.columns))
            VALUES (\(tenant.rawValue), \(maintenance.id.rawValue), \(maintenance.reason),
                \(maintenance.from.microseconds), \(maintenance.to.microseconds),
                \(try jsonText(maintenance.targetIDs)), \(try jsonText(maintenance.labels)),
                \(maintenance.createdBy), \(maintenance.createdAt.microseconds),
                \(maintenance.updatedAt.microseconds))
            ON CONFLICT (id) DO UPDATE SET reason = excluded.reason, starts_at = excluded.starts_at,
                ends_at = excluded.ends_at, target_ids = excluded.target_ids, labels = excluded.labels,
                updated_at = excluded.updated_at
            """
        )
    }

    /// The maintenance of all tenants that overlaps a span of time, with labels resolved to targets.
    func maintenanceCalendar(from: Timestamp, to: Timestamp) throws -> MaintenanceCalendar {
        let rows = try rows(
            """
            SELECT \(Maintenance.columns), tenant FROM maintenance
            WHERE ends_at > \(from.microseconds) AND starts_at < \(to.microseconds) ORDER BY tenant, starts_at, id
            """
        ) { row in (try Maintenance(row), TenantID(rawValue: try row.text(9))) }
        var labels: [TenantID: [(TargetID, [String: String])]] = [:]
        var spans: [TargetID: [Range<Timestamp>]] = [:]
        for (maintenance, tenant) in rows where maintenance.from < maintenance.to {
            var targets = Set(maintenance.targetIDs)
            if !maintenance.labels.isEmpty {
                let all = try labels[tenant] ?? targetLabels(of: tenant)
                labels[tenant] = all
                let selector = AgentSelector(labels: maintenance.labels)
                targets.formUnion(all.filter { selector.matches($0.1) }.map(\.0))
            }
            for target in targets { spans[target, default: []].merge(maintenance.from..<maintenance.to) }
        }
        return MaintenanceCalendar(spans)
    }

    private func targetLabels(of tenant: TenantID) throws -> [(TargetID, [String: String])] {
        try rows("SELECT id, labels FROM target WHERE tenant = \(tenant.rawValue)") { row in
            (TargetID(rawValue: try row.text(0)), try decodeJSON([String: String].self, from: try row.text(1).utf8))
        }
    }
}

extension [Range<Timestamp>] {
    /// Adds a span that begins no earlier than the last one does.
    fileprivate mutating func merge(_ span: Range<Timestamp>) {
        guard let last, span.lowerBound <= last.upperBound else { return append(span) }
        self[count - 1] = last.lowerBound..<Swift.max(last.upperBound, span.upperBound)
    }
}

extension MaintenanceCalendar {
    /// Each target once for a span, however many maintenances it is of.
    fileprivate init(_ spans: [TargetID: [Range<Timestamp>]]) {
        var targets: [Range<Timestamp>: [TargetID]] = [:]
        for (target, spans) in spans {
            for span in spans { targets[span, default: []].append(target) }
        }
        let sorted = targets.sorted { ($0.key.lowerBound, $0.key.upperBound) < ($1.key.lowerBound, $1.key.upperBound) }
        self.init(
            entries: sorted.map { span, targets in
                .init(
                    targetIDs: targets.sorted { $0.rawValue < $1.rawValue },
                    from: span.lowerBound,
                    to: span.upperBound
                )
            }
        )
    }
}
