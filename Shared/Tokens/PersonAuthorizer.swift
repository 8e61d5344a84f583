public import Contracts
import JSON
public import JSONRPC
import Lifecycle
public import Observability
import Synchronization

/// Lets people call, through the gateway, what their role allows; the token is verified here, whoever passed it on.
///
/// It must be told the state of the gateway's tokens again and again: when it has heard nothing for a minute it refuses
/// everyone as `unavailable`, since a token may have ended meanwhile.
public final class PersonAuthorizer: RPCAuthorizer {
    private struct State {
        var identity = IdentityState(keys: KeySet(keys: []))
        var verifier = TokenVerifier(KeySet(keys: []))
        var heardAt: ContinuousClock.Instant?
        /// Tokens that were verified, so that a busy page costs one signature and not a hundred.
        var known: [String: (grant: AccessGrant, expires: Int)] = [:]
    }

    private static let patience = Duration.seconds(60)
    /// How long a call waits that comes before the first word.
    private static let firstWord = Duration.seconds(5)
    private static let maximumKnown = 4_096

    private let gateways: Set<String?>
    private let clock: any Clock<Duration>
    private let now: @Sendable () -> Timestamp
    private let uptime: @Sendable () -> ContinuousClock.Instant
    private let state = Mutex(State())
    private let heard = Latest(())

    /// `gateways`: the peers that may pass tokens on; `nil` among them stands for people themselves.
    ///
    /// `now` is the time on the wall; `uptime` does not jump when the clock on the wall is set.
    public init(
        passedOnBy gateways: Set<String?> = [RPCPeer.gateway.rawValue],
        clock: any Clock<Duration> = ContinuousClock(),
        now: @escaping @Sendable () -> Timestamp = { .now },
        uptime: @escaping @Sendable () -> ContinuousClock.Instant = { .now }
    ) {
        self.gateways = gateways
        self.clock = clock
        self.now = now
        self.uptime = uptime
    }

    /// Takes up what the gateway says.
    ///
    /// Tokens that have ended are forgotten before this returns.
    public func hear(_ identity: IdentityState) {
        let instant = uptime()
        state.withLock { state in
            state.heardAt = instant
            guard state.identity != identity else { return }
            if state.identity.keys != identity.keys {
                state.verifier = TokenVerifier(identity.keys)
                state.known = [:]
            }
            state.identity = identity
            state.known = state.known.filter { !identity.hasEnded($0.value.grant) }
        }
        heard.update(())
    }

    /// How long ago it was told anything; `nil` before the first time.
    public var silence: Duration? {
        state.withLock { $0.heardAt }.map { $0.duration(to: uptime()) }
    }

    public func authorize(_ method: RPCDescriptor, _ context: CallContext) async throws(RPCError) -> (any Sendable)? {
        guard let access = method.access, gateways.contains(context.peer) else {
            throw RPCError(.permissionDenied, "\(context.peer ?? "nobody") may not call \(method.name)")
        }
        guard access != .anyone else { return nil }
        let grant = try await session(of: context.token).grant
        try grant.require(method, access)
        return grant.person
    }

    /// What a token gives, and until when, in seconds since 1970.
    ///
    /// Throws `unauthenticated` for one that is not good, or has ended, and `unavailable` when that cannot be known.
    public func session(of token: BearerToken?) async throws(RPCError) -> (grant: AccessGrant, expires: Int) {
        guard let token else { throw RPCError(.unauthenticated, "a token is needed") }
        if heard.current.version == 0 { await waitForFirstWord() }
        let now = Int(now().microseconds / 1_000_000)
        let instant = uptime()
        let (known, verifier) = try state.withLock { state throws(RPCError) in
            guard let heardAt = state.heardAt, heardAt.duration(to: instant) <= Self.patience else { throw Self.deaf }
            return (state.known[token.exposed], state.verifier)
        }
        if let known, known.expires > now { return known }
        do throws(TokenError) {
            return try remember(token, try verifier.verify(token.exposed, now: now), now: now)
        } catch {
            throw Self.refusal
        }
    }

    private static let refusal = RPCError(.unauthenticated, "the token is not valid")
    private static let deaf = RPCError(
        .unavailable,
        "tokens cannot be checked now",
        data: ["retry_after_ms": 1_000]
    )

    /// Asks for the ended ones and remembers in one step, so that none slips in between.
    private func remember(
        _ token: BearerToken,
        _ session: (grant: AccessGrant, expires: Int),
        now: Int
    ) throws(TokenError) -> (grant: AccessGrant, expires: Int) {
        try state.withLock { state throws(TokenError) in
            guard !state.identity.hasEnded(session.grant) else { throw TokenError(.expired) }
            if state.known.count >= Self.maximumKnown { state.known = state.known.filter { $0.value.expires > now } }
            if state.known.count < Self.maximumKnown { state.known[token.exposed] = session }
        }
        return session
    }

    private func waitForFirstWord() async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { _ = try? await self.heard.next(after: 0) }
            group.addTask { try? await self.clock.sleep(for: Self.firstWord) }
            await group.next()
            group.cancelAll()
        }
    }
}

extension IdentityState {
    fileprivate func hasEnded(_ grant: AccessGrant) -> Bool {
        grant.person.login.map { hasEnded($0, of: grant.person.id, version: grant.version) } ?? false
    }
}
