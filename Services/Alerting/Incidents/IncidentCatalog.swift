import Contracts
import Database
import JSONRPC

/// Answers `incident.*`.
struct IncidentCatalog: Sendable {
    let book: AlertBook
    let now: @Sendable () -> Timestamp

    func addRoutes(to router: inout RPCRouter) {
        router.handle(.listIncidents, list)
        router.handle(.getIncident, get)
        router.handle(.retireTargets, retire)
        router.handle(.forgetTenantIncidents, forget)
    }

    func list(_ filter: IncidentFilter) async throws -> IncidentPage {
        let limit = filter.limit ?? 100
        try checkNumber(limit, "limit", 1...1_000)
        var condition: SQL = "tenant = \(try Person.ofCall.tenant.rawValue)"
        if let state = filter.state { condition = "\(condition) AND state = \(state.rawValue)" }
        if let target = filter.targetID { condition = "\(condition) AND target_id = \(target.rawValue)" }
        if let text = filter.cursor {
            guard let cursor = IncidentCursor(text) else {
                throw invalid("cursor", "must be one that this method gave")
            }
            condition = """
                \(condition) AND (started_at, id) < (\(cursor.startedAt.microseconds), \(cursor.id.rawValue))
                """
        }
        let now = now()
        let query: SQL = """
            SELECT \(Incident.columns), \(Incident.silencedUntil(at: now)) FROM incident WHERE \(condition)
            ORDER BY started_at DESC, id DESC LIMIT \(limit + 1)
            """
        var incidents = try await book.read { connection in
            try connection.rows(query) { try Incident(withSilence: $0, at: now) }
        }
        guard incidents.count > limit else { return IncidentPage(incidents: incidents) }
        incidents.removeLast()
        return IncidentPage(incidents: incidents, nextCursor: incidents.last.map { IncidentCursor(after: $0).text })
    }

    func get(_ reference: IncidentReference) async throws -> Incident {
        let (tenant, now) = (try Person.ofCall.tenant, now())
        return try await book.read { connection in
            let query: SQL = """
                SELECT \(Incident.columns), \(Incident.silencedUntil(at: now)) FROM incident
                WHERE tenant = \(tenant.rawValue) AND id = \(reference.id.rawValue)
                """
            guard let incident = try connection.first(query, { try Incident(withSilence: $0, at: now) }) else {
                throw RPCError(.notFound, "there is no incident \(reference.id)")
            }
            return incident
        }
    }

    func forget(_ removed: RemovedTenant) async throws -> Empty {
        try await book.changeRules { connection in
            // Streaks go with their rules, deliveries with their incidents.
            for table in ["rule", "incident", "receiver", "silence", "welcome"] {
                let tenant: SQL = "tenant = \(removed.tenant.rawValue)"
                try connection.execute("DELETE FROM \(SQL(trusted: table)) WHERE \(tenant)")
            }
            return Empty()
        }
    }

    func retire(_ targets: ForgottenTargets) async throws -> Empty {
        let now = now()
        return try await book.changeRules { connection in
            let tenant = targets.tenant.rawValue
            let isRetired: SQL = "target_id IN (\(list: targets.targetIDs.map(\.rawValue)))"
            try connection.resolveIncidents(where: "tenant = \(tenant) AND \(isRetired)", at: now)
            try connection.execute(
                """
                DELETE FROM streak WHERE \(isRetired) AND rule_id IN (SELECT id FROM rule WHERE tenant = \(tenant))
                """
            )
            for table in ["rule", "silence"] {
                try connection.execute(
                    "DELETE FROM \(SQL(trusted: table)) WHERE tenant = \(tenant) AND \(isRetired)"
                )
            }
            return Empty()
        }
    }
}
