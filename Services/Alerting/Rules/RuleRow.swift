import Contracts
import Database

extension Rule {
    static let columns: SQL = """
        id, name, target_id, check_type, metric, comparison, threshold, consecutive, severity, enabled,
        created_at, updated_at
        """

    init(_ row: any DatabaseRow) throws {
        let target: String? = try row[2]
        self.init(
            id: RuleID(rawValue: try row.text(0)),
            name: try row.text(1),
            targetID: target.map(TargetID.init(rawValue:)),
            checkType: row.isNull(3) ? nil : try row.word(3),
            metric: try row.word(4),
            comparison: try row.word(5),
            threshold: try row.real(6),
            consecutive: try row[7],
            severity: try row.word(8),
            enabled: try row[9],
            createdAt: Timestamp(microseconds: try row.integer(10)),
            updatedAt: Timestamp(microseconds: try row.integer(11))
        )
    }

    func insertion(of tenant: TenantID) -> SQL {
        """
        INSERT INTO rule (tenant, \(Self.columns))
        VALUES (\(tenant.rawValue), \(id.rawValue), \(name), \(targetID?.rawValue), \(checkType?.rawValue),
            \(metric.rawValue), \(comparison.rawValue), \(threshold), \(consecutive), \(severity.rawValue),
            \(enabled), \(createdAt.microseconds), \(updatedAt.microseconds))
        """
    }
}

extension DatabaseConnection {
    func rule(_ id: RuleID, of tenant: TenantID) throws -> Rule? {
        try first(
            "SELECT \(Rule.columns) FROM rule WHERE tenant = \(tenant.rawValue) AND id = \(id.rawValue)",
            Rule.init
        )
    }

    func rules(of tenant: TenantID) throws -> [Rule] {
        try rows("SELECT \(Rule.columns) FROM rule WHERE tenant = \(tenant.rawValue) ORDER BY id", Rule.init)
    }

    func rulesByTenant() throws -> [TenantID: [Rule]] {
        let rules = try rows("SELECT \(Rule.columns), tenant FROM rule ORDER BY id") { row in
            (TenantID(rawValue: try row.text(12)), try Rule(row))
        }
        return Dictionary(grouping: rules, by: \.0).mapValues { $0.map(\.1) }
    }

    /// Writes what can change of a rule.
    func update(_ rule: Rule, of tenant: TenantID) throws {
        try execute(
            """
            UPDATE rule SET name = \(rule.name), threshold = \(rule.threshold), consecutive = \(rule.consecutive),
                severity = \(rule.severity.rawValue), enabled = \(rule.enabled),
                updated_at = \(rule.updatedAt.microseconds)
            WHERE tenant = \(tenant.rawValue) AND id = \(rule.id.rawValue)
            """
        )
    }
}
