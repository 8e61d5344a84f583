import Contracts
import Database
import DatabaseCalls
import JSON
import JSONRPC

/// Answers `session.*`: spans of time that people gave a name.
struct SessionBook: Sendable {
    private static let maximumSessions = 10_000
    private static let maximumTargets = 1_000

    let database: any Database
    let reader: QueryReader
    let now: @Sendable () -> Timestamp

    func addRoutes(to router: inout RPCRouter) {
        router.handle(.listSessions, list)
        router.handle(.getSession) { try await session($0.id) }
        router.handle(.createSession) { try await create($0, by: .ofCall) }
        router.handle(.updateSession, update)
        router.handle(.deleteSession, delete)
    }

    func session(_ id: SessionID) async throws -> Session {
        let tenant = try Person.ofCall.tenant
        return try await reader.read(as: tenant) { try $0.connection.session(id, of: tenant) }
    }

    private func list(_ filter: SessionFilter) async throws -> SessionPage {
        let limit = filter.limit ?? 50
        try checkNumber(limit, "limit", 1...200)
        let tenant = try Person.ofCall.tenant
        var condition: SQL = "tenant = \(tenant.rawValue)"
        if let name = filter.name { condition = "\(condition) AND name = \(name)" }
        if let text = filter.cursor {
            guard let cursor = SessionCursor(text) else { throw invalid("cursor", "must be one that this method gave") }
            condition = "\(condition) AND (started_at, id) < (\(cursor.startedAt), \(cursor.id))"
        }
        let query: SQL = """
            SELECT \(Session.columns) FROM session WHERE \(condition)
            ORDER BY started_at DESC, id DESC LIMIT \(limit + 1)
            """
        var sessions = try await reader.read(as: tenant) { try $0.connection.rows(query, Session.init) }
        guard sessions.count > limit else { return SessionPage(sessions: sessions) }
        sessions.removeLast()
        return SessionPage(sessions: sessions, nextCursor: sessions.last.map { SessionCursor(after: $0).text })
    }

    private func create(_ new: NewSession, by person: Person) async throws -> Session {
        let now = now()
        let session = Session(
            id: .make(),
            name: new.name,
            from: new.from,
            to: new.to,
            note: new.note ?? "",
            targetIDs: new.targetIDs ?? [],
            types: new.types ?? [],
            createdBy: person.email,
            createdAt: now,
            updatedAt: now
        )
        try validate(session)
        return try await write(as: person.tenant) { connection, tenant in
            let count: Int =
                try connection.value("SELECT count(*) FROM session WHERE tenant = \(tenant.rawValue)") ?? 0
            guard count < Self.maximumSessions else {
                throw RPCError(.conflict, "there are \(count) sessions already, which is the limit")
            }
            try connection.execute(try session.insertion(for: tenant))
            return session
        }
    }

    private func update(_ change: SessionChange) async throws -> Session {
        let now = now()
        return try await write(as: try Person.ofCall.tenant) { connection, tenant in
            var session = try connection.session(change.id, of: tenant, toChange: true)
            try checkVersion(change.ifUpdatedAt, of: session.updatedAt)
            session.name = change.name ?? session.name
            session.from = change.from ?? session.from
            session.to = change.to ?? session.to
            session.note = change.note ?? session.note
            session.targetIDs = change.targetIDs ?? session.targetIDs
            session.types = change.types ?? session.types
            session.updatedAt = now
            try validate(session)
            try connection.execute(try session.update(for: tenant))
            return session
        }
    }

    private func delete(_ removal: SessionRemoval) async throws -> Empty {
        try await write(as: try Person.ofCall.tenant) { connection, tenant in
            let old = try connection.session(removal.id, of: tenant, toChange: true)
            try checkVersion(removal.ifUpdatedAt, of: old.updatedAt)
            try connection.execute(
                "DELETE FROM session WHERE tenant = \(tenant.rawValue) AND id = \(removal.id.rawValue)"
            )
            return Empty()
        }
    }

    private func validate(_ session: Session) throws(RPCError) {
        try checkText(session.name, "name", 1...100)
        guard session.to.map({ session.from < $0 }) ?? true else { throw invalid("from", "must be before to") }
        let times = Timestamp(microseconds: 0)...Timestamp(microseconds: 1 << 60)
        guard times.contains(session.from), session.to.map(times.contains) ?? true else {
            throw invalid("from", "and to must be after 1970")
        }
        guard session.note.unicodeScalars.count <= 10_000 else {
            throw invalid("note", "must have at most 10000 characters")
        }
        guard !session.note.unicodeScalars.contains("\0") else { throw invalid("note", "must not contain a NUL") }
        try checkNumber(session.targetIDs.count, "target_ids", 0...Self.maximumTargets)
        try checkNumber(session.types.count, "types", 0...CheckType.allCases.count)
    }

    private func write<T: Sendable>(
        as tenant: TenantID,
        _ body: @escaping @Sendable (any DatabaseConnection, TenantID) throws -> T
    ) async throws -> T {
        do {
            return try await database.write(as: tenant) { try body($0, tenant) }
        } catch let error as DatabaseError where error.constraint == .unique {
            throw RPCError(.conflict, "there is a session of this name already")
        }
    }
}

/// Where a page of sessions ended.
private struct SessionCursor {
    var startedAt: Int64
    var id: String

    init(after session: Session) {
        startedAt = session.from.microseconds
        id = session.id.rawValue
    }

    /// `nil` for a text that `text` did not make.
    init?(_ text: String) {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 2, let startedAt = Int64(parts[0]), let id = UUIDv7(String(parts[1])) else { return nil }
        self.startedAt = startedAt
        self.id = id.description
    }

    var text: String { "\(startedAt).\(id)" }
}
