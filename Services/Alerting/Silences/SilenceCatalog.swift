import Contracts
import Database
import JSONRPC
import Lifecycle

/// Answers `silence.*`.
struct SilenceCatalog: Sendable {
    private static let maximumCount = 1_000
    /// So that what somebody forgot to end does end.
    private static let longest = Duration.seconds(31 * 86_400)

    let book: AlertBook
    let now: @Sendable () -> Timestamp

    func addRoutes(to router: inout RPCRouter) {
        router.handle(.listSilences, list)
        router.handle(.getSilence, get)
        router.handle(.createSilence, create)
        router.handle(.updateSilence, update)
        router.handle(.deleteSilence, delete)
    }

    private func list(_: Empty) async throws -> SilenceList {
        let tenant = try Person.ofCall.tenant
        return SilenceList(silences: try await book.read { try $0.silences(of: tenant) })
    }

    private func get(_ reference: SilenceReference) async throws -> Silence {
        let tenant = try Person.ofCall.tenant
        return try await book.read { try $0.silence(reference.id, of: tenant) }
    }

    private func create(_ new: NewSilence) async throws -> Silence {
        let (person, now) = (try Person.ofCall, now())
        let silence = Silence(
            id: .make(),
            reason: new.reason,
            from: new.from ?? now,
            to: new.to,
            ruleID: new.ruleID,
            targetID: new.targetID,
            checkType: new.checkType,
            agentID: new.agentID,
            severity: new.severity,
            createdBy: person.email,
            createdAt: now,
            updatedAt: now
        )
        try Self.validate(silence)
        return try await change { connection in
            if let rule = silence.ruleID, try connection.rule(rule, of: person.tenant) == nil {
                throw RPCError.noRule(rule)
            }
            let count: Int =
                try connection.value("SELECT count(*) FROM silence WHERE tenant = \(person.tenant.rawValue)") ?? 0
            guard count < Self.maximumCount else {
                throw RPCError(.conflict, "there are \(count) already, which is the limit; delete some that have ended")
            }
            try connection.upsert(silence, of: person.tenant)
            return silence
        }
    }

    private func update(_ change: SilenceChange) async throws -> Silence {
        let (tenant, now) = (try Person.ofCall.tenant, now())
        return try await self.change { connection in
            var silence = try connection.silence(change.id, of: tenant)
            silence.reason = change.reason ?? silence.reason
            silence.from = change.from ?? silence.from
            silence.to = change.to ?? silence.to
            silence.updatedAt = now
            try Self.validate(silence)
            try connection.upsert(silence, of: tenant)
            return silence
        }
    }

    private func delete(_ reference: SilenceReference) async throws -> Empty {
        let tenant = try Person.ofCall.tenant
        return try await change { connection in
            let old = try connection.silence(reference.id, of: tenant)
            try connection.execute("DELETE FROM silence WHERE id = \(old.id.rawValue)")
            return Empty()
        }
    }

    /// Has the courier look again at what it may tell.
    private func change<T: Sendable>(
        _ body: @escaping @Sendable (any DatabaseConnection) throws -> T
    ) async throws -> T {
        let value = try await book.write(body)
        book.deliveryChanges.update(())
        return value
    }

    private static func validate(_ silence: Silence) throws(RPCError) {
        try checkText(silence.reason, "reason", 1...200)
        guard silence.from < silence.to else { throw invalid("to", "must be after from") }
        guard silence.from.duration(to: silence.to) <= longest else {
            throw invalid("to", "must be at most 31 days after from")
        }
        let fields: [Any?] = [silence.ruleID, silence.targetID, silence.checkType, silence.agentID, silence.severity]
        guard fields.contains(where: { $0 != nil }) else {
            throw invalid("target_id", "must be given, unless rule_id, check_type, agent_id or severity is")
        }
    }
}
