import Contracts
import Database
import JSON
import JSONRPC

extension Session {
    static let columns: SQL = """
        id, name, started_at, ended_at, note, target_ids, types, created_by, created_at, updated_at
        """

    init(_ row: any DatabaseRow) throws {
        self.init(
            id: SessionID(rawValue: try row.text(0)),
            name: try row.text(1),
            from: Timestamp(microseconds: try row.integer(2)),
            to: row.isNull(3) ? nil : Timestamp(microseconds: try row.integer(3)),
            note: try row.text(4),
            targetIDs: try decodeJSON([TargetID].self, from: try row.text(5).utf8),
            types: try decodeJSON([CheckType].self, from: try row.text(6).utf8),
            createdBy: try row.text(7),
            createdAt: Timestamp(microseconds: try row.integer(8)),
            updatedAt: Timestamp(microseconds: try row.integer(9))
        )
    }

    func insertion(for tenant: TenantID) throws -> SQL {
        """
        INSERT INTO session (tenant, \(Self.columns))
        VALUES (\(tenant.rawValue), \(id.rawValue), \(name), \(from.microseconds), \(to?.microseconds), \(note),
            \(try jsonText(targetIDs)), \(try jsonText(types)), \(createdBy), \(createdAt.microseconds),
            \(updatedAt.microseconds))
        """
    }

    func update(for tenant: TenantID) throws -> SQL {
        """
        UPDATE session SET name = \(name), started_at = \(from.microseconds), ended_at = \(to?.microseconds),
            note = \(note), target_ids = \(try jsonText(targetIDs)), types = \(try jsonText(types)),
            updated_at = \(updatedAt.microseconds)
        WHERE tenant = \(tenant.rawValue) AND id = \(id.rawValue)
        """
    }
}

extension DatabaseConnection {
    /// Throws `notFound` when there is none.
    ///
    /// One that is read `toChange` stays as it is for the rest of the transaction, whatever other stores do.
    func session(_ id: SessionID, of tenant: TenantID, toChange: Bool = false) throws -> Session {
        // SQLite has one writer at a time.
        let lock: SQL = toChange && engine == .postgres ? " FOR UPDATE" : ""
        let query: SQL = """
            SELECT \(Session.columns) FROM session WHERE tenant = \(tenant.rawValue) AND id = \(id.rawValue)\(lock)
            """
        guard let session = try first(query, Session.init) else { throw RPCError.noSession(id) }
        return session
    }
}

extension RPCError {
    static func noSession(_ id: SessionID) -> Self { Self(.notFound, "there is no session \(id)") }
}

/// A value as JSON text.
private func jsonText(_ value: some Encodable) throws -> String {
    String(decoding: try encodeJSON(value), as: UTF8.self)
}
