import Contracts
import JSONRPC
import Observability
import Synchronization
import Tokens

/// Lets people call what their role allows, as often as is fair, and only what can be recorded.
struct Doorkeeper: RPCAuthorizer {
    let people: PersonAuthorizer
    let limits: FairLimits
    let audit: AuditTrail
    private let known = KnownTokens()

    init(_ people: PersonAuthorizer, limits: FairLimits, audit: AuditTrail) {
        self.people = people
        self.limits = limits
        self.audit = audit
    }

    func authorize(_ method: RPCDescriptor, _ context: CallContext) async throws(RPCError) -> (any Sendable)? {
        let visit = Visit.current
        if method.answersWithSecret { visit?.noteSecret() }
        guard method.access != .anyone, let token = context.token else {
            try limits.admit(context.address ?? "", visit)
            try audit.reserve(method)
            return try await people.authorize(method, context)
        }
        // Verifying a signature costs more than all else, so whoever sent too many bad ones does not get that far.
        if !known.contains(token) { try limits.admit(context.address ?? "", count: 0, visit) }
        let person: Person
        do throws(RPCError) {
            person = try await people.session(of: token).grant.person
        } catch {
            known.remove(token)
            try limits.admit(context.address ?? "", visit)
            throw error
        }
        known.insert(token)
        visit?.person = person
        try limits.admit(person, visit)
        try audit.reserve(method)
        return try await people.authorize(method, context)
    }
}

/// The tokens that were good when they were last seen: some thousands.
private final class KnownTokens: Sendable {
    private static let half = 2_048

    private let tokens = Mutex<(young: Set<String>, old: Set<String>)>(([], []))

    func contains(_ token: BearerToken) -> Bool {
        tokens.withLock { $0.young.contains(token.exposed) || $0.old.contains(token.exposed) }
    }

    func insert(_ token: BearerToken) {
        tokens.withLock { tokens in
            guard !tokens.young.contains(token.exposed) else { return }
            if tokens.young.count >= Self.half {
                tokens.old = tokens.young
                tokens.young = []
            }
            tokens.young.insert(token.exposed)
        }
    }

    func remove(_ token: BearerToken) {
        tokens.withLock { tokens in
            tokens.young.remove(token.exposed)
            tokens.old.remove(token.exposed)
        }
    }
}
