import Contracts
import Database

extension Receiver {
    static let columns: SQL = "id, name, kind, url, created_at"

    init(_ row: any DatabaseRow) throws {
        self.init(
            id: ReceiverID(rawValue: try row.text(0)),
            name: try row.text(1),
            kind: try row.word(2),
            url: try row[3],
            createdAt: Timestamp(microseconds: try row.integer(4))
        )
    }

    func insertion(of tenant: TenantID) -> SQL {
        """
        INSERT INTO receiver (tenant, \(Self.columns))
        VALUES (\(tenant.rawValue), \(id.rawValue), \(name), \(kind.rawValue), \(url), \(createdAt.microseconds))
        """
    }
}

extension DatabaseConnection {
    /// Of all tenants.
    func receivers() throws -> [Receiver] {
        try rows("SELECT \(Receiver.columns) FROM receiver ORDER BY id", Receiver.init)
    }

    func receivers(of tenant: TenantID) throws -> [Receiver] {
        try rows(
            "SELECT \(Receiver.columns) FROM receiver WHERE tenant = \(tenant.rawValue) ORDER BY id",
            Receiver.init
        )
    }
}
