import Contracts
import Database
import DatabaseCalls
import JSON
import JSONRPC

/// The rows of the audit log: added, read by those who may, and removed when they are too old.
struct AuditBook: Sendable {
    private static let columns: SQL = "id, time, person_id, email, token_id, address, method, ids, code"
    /// Rows that one piece of an export holds, and that one step of the retention removes.
    private static let pieceRows = 500
    private static let removedRows = 5_000

    private let database: any Database

    init(_ database: any Database) {
        self.database = database
    }

    func append(_ records: [AuditRecord]) async throws {
        _ = try await database.write(as: .every) { connection in
            for record in records {
                let person = try record.claimedEmail.flatMap { try Self.person($0, connection) }
                let ids = String(decoding: JSONValue.array(record.ids.map { .string($0) }).json(), as: UTF8.self)
                try connection.execute(
                    """
                    INSERT INTO audit (time, tenant, person_id, email, token_id, address, method, ids, code)
                    VALUES (\(record.time.microseconds), \(record.tenant?.rawValue ?? person?.tenant),
                            \(record.personID?.rawValue ?? person?.id), \(record.email ?? person?.email),
                            \(record.tokenID), \(record.address), \(record.method), \(ids), \(record.code))
                    """
                )
            }
        }
    }

    /// A page of the tenant's rows, newest first.
    func list(_ filter: AuditFilter, of tenant: TenantID) async throws -> AuditPage {
        let limit = filter.limit ?? 100
        try checkNumber(limit, "limit", 1...1_000)
        let before = try Self.position(filter.cursor) ?? Int.max
        let condition = Self.condition(tenant, filter.personID, filter.method, filter.from, filter.to)
        var entries = try await database.read(as: tenant) { connection in
            try connection.rows(
                """
                SELECT \(Self.columns) FROM audit WHERE \(condition) AND id < \(before)
                ORDER BY id DESC LIMIT \(limit + 1)
                """,
                Self.entry
            )
        }
        guard entries.count > limit else { return AuditPage(entries: entries) }
        entries.removeLast()
        return AuditPage(entries: entries, nextCursor: entries.last.map { String($0.id) })
    }

    /// The tenant's rows as JSON lines, oldest first.
    func export(_ filter: AuditExport, of tenant: TenantID) throws -> RPCStream<Download, DownloadPiece> {
        let start = try Self.position(filter.cursor) ?? 0
        let condition = Self.condition(tenant, filter.personID, filter.method, filter.from, filter.to)
        let file = Download(contentType: "application/x-ndjson", fileName: "audit.jsonl")
        return RPCStream(file) { [database] writer in
            var after = start
            while true {
                let last = after
                let entries = try await database.read(as: tenant) { connection in
                    try connection.rows(
                        """
                        SELECT \(Self.columns) FROM audit WHERE \(condition) AND id > \(last)
                        ORDER BY id LIMIT \(Self.pieceRows)
                        """,
                        Self.entry
                    )
                }
                guard let end = entries.last?.id else { return }
                let lines = try entries.map { String(decoding: try encodeJSON($0), as: UTF8.self) + "\n" }
                try await writer.send(DownloadPiece(text: lines.joined(), rows: entries.count, cursor: String(end)))
                after = end
            }
        }
    }

    /// Removes rows from before `horizon`, some at a time so that others can write in between.
    func remove(before horizon: Timestamp) async throws {
        _ = try await database.write(as: .every) { connection in
            try connection.execute(
                "UPDATE audit_horizon SET time = \(horizon.microseconds) WHERE time < \(horizon.microseconds)"
            )
        }
        var removed = Self.removedRows
        while removed == Self.removedRows {
            removed = try await database.write(as: .every) { connection in
                try connection.execute(
                    """
                    DELETE FROM audit WHERE id IN (
                        SELECT id FROM audit WHERE time < (SELECT time FROM audit_horizon)
                        ORDER BY id LIMIT \(Self.removedRows))
                    """
                )
            }
        }
    }

    private static func condition(
        _ tenant: TenantID,
        _ person: PersonID?,
        _ method: String?,
        _ from: Timestamp?,
        _ to: Timestamp?
    ) -> SQL {
        var condition: SQL = "tenant = \(tenant.rawValue)"
        if let person { condition = "\(condition) AND person_id = \(person.rawValue)" }
        if let method { condition = "\(condition) AND method = \(method)" }
        if let from { condition = "\(condition) AND time >= \(from.microseconds)" }
        if let to { condition = "\(condition) AND time < \(to.microseconds)" }
        return condition
    }

    private static func position(_ cursor: String?) throws(RPCError) -> Int? {
        guard let cursor else { return nil }
        guard let position = Int(cursor), position >= 0 else { throw invalid("cursor", "is not one of a page") }
        return position
    }

    private static func entry(_ row: any DatabaseRow) throws -> AuditEntry {
        let ids = try JSONValue(json: Array(try row.text(7).utf8))
        let code: Int? = try row[8]
        let person: String? = try row[2]
        return AuditEntry(
            id: try row[0],
            time: Timestamp(microseconds: try row[1]),
            personID: person.map { PersonID(rawValue: $0) },
            email: try row[3],
            tokenID: try row[4],
            address: try row[5],
            method: try row[6],
            ids: ids.texts,
            allowed: code == nil,
            code: code
        )
    }

    /// Who has the e-mail address, which is looked for so that nothing else that was typed is kept.
    private static func person(
        _ email: String,
        _ connection: any DatabaseConnection
    ) throws -> (id: String, tenant: String, email: String)? {
        try connection.first(
            """
            SELECT person.id, membership.tenant, email FROM person JOIN membership ON person_id = person.id
            WHERE email = \(email.lowercased())
            ORDER BY CASE WHEN membership.tenant = last_tenant THEN 0 ELSE 1 END, membership.tenant LIMIT 1
            """
        ) { row in (try row.text(0), try row.text(1), try row.text(2)) }
    }
}

extension JSONValue {
    /// The texts in an array.
    fileprivate var texts: [String] {
        guard case .array(let elements) = self else { return [] }
        return elements.compactMap { element in
            if case .string(let text) = element { text } else { nil }
        }
    }
}
