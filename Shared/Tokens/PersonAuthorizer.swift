public import Contracts
import Glibc
public import JSONRPC
public import Observability
import Synchronization

/// Lets people call, through the gateway, what their role allows; the token is verified here, whoever passed it on.
public final class PersonAuthorizer: RPCAuthorizer {
    /// Where the public keys come from.
    public typealias KeySource = @Sendable () async throws -> KeySet

    private struct State {
        var verifier = TokenVerifier(KeySet(keys: []))
        var fetchedAt = 0
        /// Tokens that were verified, so that a busy page costs one signature and not a hundred.
        var known: [String: (person: Person, expires: Int)] = [:]
    }

    /// Keys are asked for again when a token names an unknown one, but not more often than this.
    private static let refetchSeconds = 60
    private static let maximumKnown = 4_096

    private let keys: KeySource
    private let gateways: Set<String?>
    private let state = Mutex(State())
    private let fetching = SharedWork()

    /// `gateways`: the peers that may pass tokens on; `nil` among them stands for people themselves.
    public init(passedOnBy gateways: Set<String?> = [RPCPeer.gateway.rawValue], keys: @escaping KeySource) {
        self.gateways = gateways
        self.keys = keys
    }

    public func authorize(_ method: RPCDescriptor, _ context: CallContext) async throws(RPCError) {
        guard let access = method.access, gateways.contains(context.peer) else {
            throw RPCError(.permissionDenied, "\(context.peer ?? "nobody") may not call \(method.name)")
        }
        guard access != .anyone else { return }
        let person = try await person(of: context.token)
        guard person.role.allows(access) else {
            throw RPCError(.permissionDenied, "\(method.name) needs the role \(access.rawValue)")
        }
    }

    /// Who a call is made for; throws `unauthenticated` when the token does not say.
    public func person(of token: BearerToken?) async throws(RPCError) -> Person {
        try await session(of: token).person
    }

    /// Who a token belongs to, and until when it is good, in seconds since 1970.
    public func session(of token: BearerToken?) async throws(RPCError) -> (person: Person, expires: Int) {
        guard let token else { throw RPCError(.unauthenticated, "a token is needed") }
        let now = time(nil)
        if let known = state.withLock({ $0.known[token.exposed] }), known.expires > now { return known }
        do throws(TokenError) {
            return try verify(token, now: now)
        } catch {
            guard error.code == .unknownKey else { throw Self.refusal }
        }
        await fetching.once { await self.fetchUnlessLately(now: now) }
        do { return try verify(token, now: now) } catch { throw Self.refusal }
    }

    private static let refusal = RPCError(.unauthenticated, "the token is not valid")

    private func verify(_ token: BearerToken, now: Int) throws(TokenError) -> (person: Person, expires: Int) {
        let session = try state.withLock({ $0.verifier }).verify(token.exposed, now: now)
        state.withLock { state in
            if state.known.count >= Self.maximumKnown { state.known = state.known.filter { $0.value.expires > now } }
            if state.known.count < Self.maximumKnown { state.known[token.exposed] = session }
        }
        return session
    }

    private func fetchUnlessLately(now: Int) async {
        let isAllowed = state.withLock { $0.fetchedAt == 0 || now - $0.fetchedAt >= Self.refetchSeconds }
        // When the gateway is not there, the next token may ask again at once.
        guard isAllowed, let set = try? await keys() else { return }
        state.withLock { state in
            state.verifier = TokenVerifier(set)
            state.fetchedAt = now
        }
    }
}

/// Lets many tasks wait for work that is done once for all who ask while it is under way.
private actor SharedWork {
    private var waiters: [CheckedContinuation<Void, Never>] = []
    private var isRunning = false

    func once(_ work: @Sendable () async -> Void) async {
        guard !isRunning else { return await withCheckedContinuation { waiters.append($0) } }
        isRunning = true
        await work()
        isRunning = false
        for waiter in waiters { waiter.resume() }
        waiters = []
    }
}
