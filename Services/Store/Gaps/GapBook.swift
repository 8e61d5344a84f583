import Contracts
import Database
import DatabaseCalls
import JSON
import JSONRPC

/// Answers `gap.*`: what agents could not keep, and when that was.
///
/// Agents measure for all tenants, and all see when one lost something.
struct GapBook: Sendable {
    /// Gaps that are kept at once; an agent that finds no room asks again.
    private static let limit = 100_000
    /// How far an agent's clock may be ahead.
    private static let clockAhead = Duration.seconds(300)

    let database: any Database
    let reader: QueryReader
    let enrolled: EnrolledAgents
    let now: @Sendable () -> Timestamp

    func addRoutes(to router: inout RPCRouter) {
        router.handle(.reportGap, report)
        router.handle(.listGaps, list)
    }

    private func report(_ gap: Gap) async throws -> Empty {
        guard gap.from <= gap.to else { throw invalid("from", "must not be after to") }
        guard gap.to <= now().advanced(by: Self.clockAhead) else { throw invalid("to", "must not lie in the future") }
        guard UUIDv7(gap.id.rawValue) != nil else { throw invalid("id", "must be a UUID") }
        try checkNumber(gap.rows, "rows", 1...Int(Int32.max))
        try await enrolled.requireCaller(isAgent: gap.agentID)
        try await database.write(as: .every) { try Self.save(gap, in: $0) }
        return Empty()
    }

    private static func save(_ gap: Gap, in connection: any DatabaseConnection) throws {
        let known: Int? = try connection.value("SELECT rows FROM gap WHERE id = \(gap.id.rawValue)")
        if let known {
            guard known < gap.rows else { return }
            try connection.execute(
                """
                UPDATE gap SET started_at = \(gap.from.microseconds), ended_at = \(gap.to.microseconds),
                    rows = \(gap.rows) WHERE id = \(gap.id.rawValue) AND agent_id = \(gap.agentID.rawValue)
                """
            )
            return
        }
        guard try connection.value("SELECT count(*) FROM gap", as: Int.self) ?? 0 < limit else {
            throw RPCError(.busy, "there are \(limit) gaps already", data: ["retry_after_ms": 60_000])
        }
        try connection.execute(
            """
            INSERT INTO gap (id, tenant, agent_id, started_at, ended_at, rows, cause)
            VALUES (\(gap.id.rawValue), \(TenantID.every.rawValue), \(gap.agentID.rawValue), \(gap.from.microseconds),
                \(gap.to.microseconds), \(gap.rows), \(gap.cause.rawValue))
            """
        )
    }

    private func list(_ filter: GapFilter) async throws -> GapList {
        let limit = filter.limit ?? 100
        try checkNumber(limit, "limit", 1...1_000)
        let to = filter.to ?? now()
        let span = try QuerySpan(
            from: filter.from ?? to.advanced(by: .seconds(-86_400)),
            to: to,
            longest: reader.limits.span,
            now: now()
        )
        let agent: SQL = filter.agentID.map { "AND agent_id = \($0.rawValue)" } ?? ""
        return try await reader.read(as: .every) { rows in
            GapList(
                gaps: try rows.connection.rows(
                    """
                    SELECT id, agent_id, started_at, ended_at, rows, cause FROM gap
                    WHERE ended_at >= \(span.from.microseconds)
                        AND started_at < \(span.to.microseconds) \(agent)
                    ORDER BY ended_at DESC, id DESC LIMIT \(limit)
                    """,
                    Gap.init
                )
            )
        }
    }
}

extension Gap {
    fileprivate init(_ row: any DatabaseRow) throws {
        guard let cause = Cause(rawValue: try row.text(5)) else {
            throw DatabaseError(.corrupt, "a gap has an unknown cause")
        }
        self.init(
            id: GapID(rawValue: try row.text(0)),
            agentID: AgentID(rawValue: try row.text(1)),
            from: Timestamp(microseconds: try row.integer(2)),
            to: Timestamp(microseconds: try row.integer(3)),
            rows: Int(try row.integer(4)),
            cause: cause
        )
    }
}
