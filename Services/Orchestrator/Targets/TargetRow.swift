import Contracts
import Database
import JSON

extension Target {
    static let columns: SQL =
        "id, name, address, description, category, labels, enabled, created_at, updated_at, max_rate, owner"

    init(_ row: any DatabaseRow) throws {
        self.init(
            id: TargetID(rawValue: try row.text(0)),
            name: try row.text(1),
            address: try row.text(2),
            description: try row.text(3),
            category: try row.text(4),
            labels: try decodeJSON([String: String].self, from: try row.text(5).utf8),
            enabled: try row[6],
            maximumRate: try row[9],
            createdAt: Timestamp(microseconds: try row.integer(7)),
            updatedAt: Timestamp(microseconds: try row.integer(8)),
            keeper: row.isNull(10) ? nil : TargetOwner(rawValue: try row.text(10))?.keeper
        )
    }

    /// What targets are sorted by.
    var sortName: String { name.lowercased() }
    /// What a search looks into.
    var searchText: String { "\(name)\n\(address)".lowercased() }
}

/// A value as JSON text.
func jsonText(_ value: some Encodable) throws -> String {
    String(decoding: try encodeJSON(value), as: UTF8.self)
}

extension DatabaseConnection {
    /// A target of a tenant, or of any when there is none.
    func target(_ id: TargetID, visibleTo tenant: TenantID?) throws -> Target? {
        if let tenant { return try target(id, of: tenant) }
        return try first("SELECT \(Target.columns) FROM target WHERE id = \(id.rawValue)", Target.init)
    }

    func target(_ id: TargetID, of tenant: TenantID) throws -> Target? {
        try first(
            "SELECT \(Target.columns) FROM target WHERE tenant = \(tenant.rawValue) AND id = \(id.rawValue)",
            Target.init
        )
    }

    /// Throws `conflict` when the tenant has a target of this address and name.
    func insert(_ target: Target, of tenant: TenantID, keptFor owner: TargetOwner? = nil) throws {
        try executeUnique(
            """
            INSERT INTO target (tenant, \(Target.columns), sort_name, search)
            VALUES (\(tenant.rawValue), \(target.id.rawValue), \(target.name), \(target.address), \(target.description),
                \(target.category), \(try jsonText(target.labels)), \(target.enabled),
                \(target.createdAt.microseconds), \(target.updatedAt.microseconds), \(target.maximumRate),
                \(owner?.rawValue), \(target.sortName), \(target.searchText))
            """,
            orConflict: target.conflict
        )
    }

    /// Throws `conflict` when the tenant has another target of this address and name.
    func update(_ target: Target, of tenant: TenantID) throws {
        try executeUnique(
            """
            UPDATE target SET name = \(target.name), address = \(target.address),
                description = \(target.description), category = \(target.category),
                labels = \(try jsonText(target.labels)), enabled = \(target.enabled),
                max_rate = \(target.maximumRate), updated_at = \(target.updatedAt.microseconds),
                sort_name = \(target.sortName), search = \(target.searchText)
            WHERE tenant = \(tenant.rawValue) AND id = \(target.id.rawValue)
            """,
            orConflict: target.conflict
        )
    }
}

extension Target {
    fileprivate var conflict: String { "there is a target named \"\(name)\" with the address \(address) already" }
}
