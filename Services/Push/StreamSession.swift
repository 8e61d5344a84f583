import Contracts
import EventLoop
import Glibc
import HTTP
import JSON
import JSONRPC
import Lifecycle
import Observability
import Synchronization
import Tokens

/// One client's WebSocket: signs it in, takes its subscription, and sends what it asked for as fast as it reads.
final class StreamSession: Sendable {
    /// What a session's handlers work on; the router is shared by all sessions.
    @TaskLocal static var current: StreamSession?

    private struct State {
        var person: Person?
        /// When the token ends, in seconds since 1970.
        var expires: Int?
        var token: BearerToken?
        /// What a program has shown, to be exchanged again before `token` runs out.
        var apiToken: BearerToken?
        var subscription: Subscription?
        var cursor = 0
    }

    /// What a client that nobody knows yet may send at once: a token, and little around it.
    static let strangersMessageBytes = 8_192
    private static let signInTimeout = Duration.seconds(10)
    private static let pingInterval = Duration.seconds(25)
    private static let pongTimeout = Duration.seconds(8)
    /// How long before its end the access token of a program is replaced; the gateway hands out none that ends sooner.
    private static let renewalSeconds = 45
    /// Messages a client may send in a minute.
    private static let maximumMessages = 100

    private let socket: WebSocket
    private let arrival: Arrival
    private let feed: EventFeed
    private let router: RPCRouter
    private let authorizer: PersonAuthorizer
    private let gateway: RPCClient
    private let clock: LoopClock
    private let state = Mutex(State())
    private let changes = Latest(())

    init(
        _ socket: WebSocket,
        of arrival: Arrival,
        feed: EventFeed,
        router: RPCRouter,
        authorizer: PersonAuthorizer,
        gateway: RPCClient,
        on loop: EventLoop
    ) {
        self.socket = socket
        self.arrival = arrival
        self.feed = feed
        self.router = router
        self.authorizer = authorizer
        self.gateway = gateway
        clock = LoopClock(loop)
    }

    /// Runs until the client goes, or until it has to.
    func run(until stopping: Latest<Void>) async {
        let reason = await withTaskGroup(of: Closing?.self) { group in
            group.addTask { await self.read() }
            group.addTask { await self.send() }
            group.addTask { await self.watch() }
            group.addTask {
                _ = try? await stopping.next(after: 0)
                return Closing(code: 1_001, text: "the server is stopping")
            }
            defer { group.cancelAll() }
            return await group.next() ?? nil
        }
        changes.finish()
        if let reason { await socket.close(reason.code, reason.text) }
    }

    /// Why the server closes (RFC 6455, section 7.4).
    private struct Closing {
        static let later: UInt16 = 1_013

        var code: UInt16
        var text: String

        init(code: UInt16, text: String) {
            self.code = code
            self.text = text
        }

        /// For a token that is not taken, or cannot be judged now.
        init(refusing error: any Error) {
            switch (error as? RPCError)?.code {
            case .unauthenticated?: self.init(code: 1_008, text: "the sign-in has ended")
            case .permissionDenied?: self.init(code: 1_008, text: "the token does not cover measurements")
            default: self.init(code: Self.later, text: "tokens cannot be checked now")
            }
        }
    }

    // MARK: Requests

    private func read() async -> Closing? {
        if let token = arrival.token, let closing = await begin(with: token) { return closing }
        var bucket = (count: 0, since: clock.now)
        do {
            while let message = try await socket.receive() {
                if bucket.since.duration(to: clock.now) > .seconds(60) { bucket = (0, clock.now) }
                bucket.count += 1
                guard bucket.count <= Self.maximumMessages else {
                    return Closing(code: 1_008, text: "more than \(Self.maximumMessages) messages a minute")
                }
                guard message.isText else { return Closing(code: 1_003, text: "messages are JSON text") }
                try await answer(message.bytes)
            }
        } catch {
            return nil
        }
        return nil
    }

    private func answer(_ bytes: [UInt8]) async throws {
        var random = SystemRandomNumberGenerator()
        let context = CallContext(trace: .random(using: &random))
        let reply = await Self.$current.withValue(self) { await router.respond(to: bytes, context: context) }
        if case .message(let text) = reply { try await socket.send(WebSocketMessage(text: text)) }
    }

    /// Signs in a client whose request has brought its token along.
    private func begin(with token: BearerToken) async -> Closing? {
        do {
            _ = try await authenticate(Authentication(token: token.exposed))
            return nil
        } catch {
            return Closing(refusing: error)
        }
    }

    func authenticate(_ authentication: Authentication) async throws -> Person {
        let person = try await signIn(BearerToken(authentication.token))
        socket.limitMessages(to: WebSocketLimits().messageBytes)
        changes.update(())
        return person
    }

    /// Takes up what a token gives; `isAgain` when it is the one that was shown before.
    private func signIn(_ shown: BearerToken, isAgain: Bool = false) async throws -> Person {
        let isProgram = shown.exposed.hasPrefix(APIToken.prefix)
        let token = isProgram ? try await exchanged(shown) : shown
        let session = try await authorizer.session(of: token)
        try session.grant.require(RPCStreamMethod.followMeasurements.descriptor, .viewer)
        try state.withLock { state in
            // The client may have shown another one meanwhile.
            guard !isAgain || state.apiToken == shown else { return }
            // A socket that shows one tenant's rows shows no other's.
            guard state.person.map({ $0.tenant == session.grant.person.tenant }) ?? true else {
                throw RPCError(.permissionDenied, "the connection is another tenant's; open a new one")
            }
            (state.person, state.expires, state.token) = (session.grant.person, session.expires, token)
            state.apiToken = isProgram ? shown : nil
        }
        return session.grant.person
    }

    /// The gateway knows API tokens, and nobody else does.
    private func exchanged(_ shown: BearerToken) async throws -> BearerToken {
        let request = TokenExchange(token: shown.exposed, address: arrival.address)
        return BearerToken(try await gateway.call(.exchangeToken, request).accessToken)
    }

    func subscribe(_ subscription: Subscription) async throws -> FollowStart {
        guard let tenant = state.withLock({ $0.person?.tenant }) else {
            throw RPCError(.unauthenticated, "call stream.authenticate first")
        }
        guard subscription.targetIDs?.count ?? 0 <= 1_000 else {
            throw RPCError(.invalidParams, "target_ids holds at most 1000 targets")
        }
        let range = try await feed.range(of: tenant)
        let cursor = min(max(0, subscription.cursor ?? range.end), range.end)
        state.withLock { state in
            state.subscription = subscription
            state.cursor = cursor
        }
        changes.update(())
        return FollowStart(cursor: cursor)
    }

    // MARK: Events

    private func send() async -> Closing? {
        do {
            var seen = -1
            while let change = try await changes.next(after: seen) {
                seen = change.version
                let tenant = state.withLock { $0.subscription == nil ? nil : $0.person?.tenant }
                if let tenant { try await sendEvents(of: tenant, until: seen) }
            }
        } catch {
            return nil
        }
        return nil
    }

    /// Sends events until the subscription is another one.
    private func sendEvents(of tenant: TenantID, until version: Int) async throws {
        let arrivals = feed.arrivals(of: tenant)
        while changes.current.version == version {
            let seen = arrivals.current.version
            let (cursor, targets) = state.withLock { ($0.cursor, $0.subscription?.targetIDs.map { Set($0) }) }
            // After the store was lost, a ring begins anew: with the next event, or with what the store says.
            let start = try await feed.range(of: tenant).start
            if cursor < start {
                try await catchUp(tenant, from: cursor, to: start, targets, until: version)
            } else if let entry = feed.next(of: tenant, after: cursor) {
                try await send(entry, targets)
                advance(from: cursor, to: entry.event.cursor)
            } else {
                try await wait(for: arrivals, after: seen, orChangeAfter: version)
            }
        }
    }

    private func send(_ entry: EventRing.Entry, _ targets: Set<TargetID>?) async throws {
        guard let targets else { return try await socket.send(WebSocketMessage(text: entry.notification)) }
        guard let batch = entry.event.batch.filtered(to: targets) else { return }
        let event = MeasurementEvent(cursor: entry.event.cursor, batch: batch)
        try await socket.send(WebSocketMessage(text: EventFeed.notification(event)))
    }

    /// Reads from the store what the ring no longer has; what the store has no more either is a gap.
    private func catchUp(
        _ tenant: TenantID,
        from cursor: Int,
        to end: Int,
        _ targets: Set<TargetID>?,
        until version: Int
    ) async throws {
        let subscription = try await feed.follow(tenant, after: cursor)
        if subscription.result.cursor > cursor {
            try await sendGap(after: cursor, resumesAfter: subscription.result.cursor)
            advance(from: cursor, to: subscription.result.cursor)
        }
        while state.withLock({ $0.cursor }) < end, let event = try await subscription.next() {
            let before = state.withLock { $0.cursor }
            // Another subscription has a place of its own, which this one must not move.
            guard changes.current.version == version else { return }
            let own = MeasurementEvent(cursor: event.number, batch: event.batch)
            try await send(EventRing.Entry(event: own, notification: EventFeed.notification(own)), targets)
            advance(from: before, to: event.number)
        }
    }

    private func sendGap(after cursor: Int, resumesAfter: Int) async throws {
        let gap: JSONValue = ["after": .int(cursor), "resumes_after": .int(resumesAfter)]
        let message: JSONValue = [
            "jsonrpc": "2.0", "method": .string(StreamNotification.gap.description), "params": gap,
        ]
        try await socket.send(WebSocketMessage(text: message.json()))
    }

    /// Moves on, unless a new subscription has set the cursor meanwhile.
    private func advance(from old: Int, to new: Int) {
        state.withLock { state in
            if state.cursor == old { state.cursor = new }
        }
    }

    private func wait(for arrivals: Latest<Void>, after seen: Int, orChangeAfter version: Int) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { _ = try await arrivals.next(after: seen) }
            group.addTask { _ = try await self.changes.next(after: version) }
            defer { group.cancelAll() }
            try await group.next()
        }
    }

    // MARK: Time

    /// Closes a client that does not sign in, whose token has run out, or that gives no sign of life.
    private func watch() async -> Closing? {
        let begun = clock.now
        var quietSince = clock.now
        while !Task.isCancelled {
            if let expires = state.withLock({ $0.expires }) {
                guard expires > time(nil) else { return Closing(code: 1_008, text: "the token has run out") }
                if let closing = await endOfSignIn() { return closing }
                if expires - time(nil) <= Self.renewalSeconds, let closing = await renew() { return closing }
            } else if begun.duration(to: clock.now) >= Self.signInTimeout {
                return Closing(code: 1_008, text: "not signed in")
            }
            if quietSince.duration(to: clock.now) >= Self.pingInterval {
                let pongs = socket.pongCount
                try? await socket.ping()
                try? await clock.sleep(for: Self.pongTimeout)
                guard socket.pongCount > pongs else { return Closing(code: 1_001, text: "no sign of life") }
                quietSince = clock.now
            }
            try? await clock.sleep(for: .seconds(1))
        }
        return nil
    }

    /// Asks whether the token is still good: its sign-in may have ended before it runs out.
    private func endOfSignIn() async -> Closing? {
        do throws(RPCError) {
            _ = try await authorizer.session(of: state.withLock { $0.token })
            return nil
        } catch {
            return Closing(refusing: error)
        }
    }

    /// Exchanges a program's token anew; who is told to try again later does so until the access token has run out.
    private func renew() async -> Closing? {
        guard let shown = state.withLock({ $0.apiToken }) else { return nil }
        do {
            _ = try await signIn(shown, isAgain: true)
            return nil
        } catch {
            let closing = Closing(refusing: error)
            return closing.code == Closing.later ? nil : closing
        }
    }
}
