import Contracts
import JSON
import JSONRPC
import Lifecycle
import Observability
import ServiceTesting
import Testing

@testable import Tokens

/// An authorizer by a clock that stands, which has heard of one key.
private struct AuthorizerCase {
    let forge: Forge
    let time = ManualTime()
    let authorizer: PersonAuthorizer

    init(passedOnBy gateways: Set<String?> = ["gateway"]) throws {
        forge = try Forge()
        let (time, start, uptime) = (time, time.now, ContinuousClock.now)
        authorizer = PersonAuthorizer(
            passedOnBy: gateways,
            now: { time.now },
            uptime: { uptime.advanced(by: start.duration(to: time.now)) }
        )
    }

    func state() throws -> IdentityState { IdentityState(keys: KeySet(keys: [try forge.signer.publicKey()])) }

    func token(_ role: Role = .viewer, version: Int = 1, isOperator: Bool = false) throws
        -> (text: BearerToken, person: Person)
    {
        let person = Person(
            id: .make(),
            email: "a@b",
            tenant: .first,
            role: role,
            isOperator: isOperator,
            login: .make()
        )
        let grant = AccessGrant(person: person, version: version)
        let now = Int(time.now.microseconds / 1_000_000)
        return (BearerToken(try forge.signer.token(for: grant, now: now)), person)
    }

    /// The code with which a token is refused; `nil` when it is taken.
    func refusal(_ token: BearerToken) async -> RPCError.Code? {
        do throws(RPCError) {
            _ = try await authorizer.session(of: token)
            return nil
        } catch {
            return error.code
        }
    }

    func allows(_ method: RPCDescriptor, _ token: BearerToken?, peer: String?) async -> Bool {
        var random = SplitMix64(seed: 1)
        let context = CallContext(trace: .random(using: &random), peer: peer, token: token)
        do throws(RPCError) {
            _ = try await authorizer.authorize(method, context)
            return true
        } catch {
            return false
        }
    }
}

@Suite("Person authorizer", .timeLimit(.minutes(5)))
struct PersonAuthorizerTests {
    @Test("lets a role do what it may, through the gateway alone")
    func roles() async throws {
        let test = try AuthorizerCase()
        test.authorizer.hear(try test.state())
        let operate = try test.token(.viewer, isOperator: true).text
        for method in publicMethods {
            let access = try #require(method.access)
            for role in Role.allCases {
                let isAllowed = await test.allows(method, try test.token(role).text, peer: "gateway")
                #expect(isAllowed == (access == .anyone || role.allows(access)), "\(method.name) \(role)")
            }
            #expect(
                await test.allows(method, operate, peer: "gateway") == [.anyone, .viewer, .operator].contains(access)
            )
            #expect(await test.allows(method, nil, peer: "gateway") == (access == .anyone), "\(method.name)")
            for peer in ["probe-agent", "push", nil] {
                #expect(await !test.allows(method, try test.token(.admin).text, peer: peer))
            }
        }
    }

    @Test("refuses what has ended, whether it was seen before or not, and nothing else")
    func ended() async throws {
        let test = try AuthorizerCase()
        var state = try test.state()
        test.authorizer.hear(state)
        let (one, other, later) = (try test.token(), try test.token(), try test.token())
        for token in [one, other] { #expect(await test.refusal(token.text) == nil) }
        state.endedLogins = [try #require(one.person.login), try #require(later.person.login)]
        test.authorizer.hear(state)
        #expect(await test.refusal(one.text) == .unauthenticated)
        #expect(await test.refusal(later.text) == .unauthenticated)
        #expect(await test.refusal(other.text) == nil)
        state.minimumVersions = [other.person.id.rawValue: 2]
        test.authorizer.hear(state)
        #expect(await test.refusal(other.text) == .unauthenticated)
        #expect(await test.refusal(try test.token(version: 1).text) == nil)
    }

    @Test("takes tokens of a key as long as it is published")
    func keys() async throws {
        let test = try AuthorizerCase()
        test.authorizer.hear(try test.state())
        let token = try test.token().text
        #expect(await test.refusal(token) == nil)
        let next = KeySet(keys: [try Forge().signer.publicKey()])
        test.authorizer.hear(IdentityState(keys: KeySet(keys: next.keys + (try test.state().keys.keys))))
        #expect(await test.refusal(token) == nil)
        test.authorizer.hear(IdentityState(keys: next))
        #expect(await test.refusal(token) == .unauthenticated)
    }

    @Test("refuses everyone for want of news after a minute, and takes them again with the next word")
    func silence() async throws {
        let test = try AuthorizerCase()
        test.authorizer.hear(try test.state())
        let token = try test.token().text
        #expect(await test.refusal(token) == nil)
        test.time.advance(by: .seconds(60))
        #expect(await test.refusal(token) == nil)
        test.time.advance(by: .seconds(1))
        #expect(await test.refusal(token) == .unavailable)
        test.authorizer.hear(try test.state())
        #expect(await test.refusal(token) == nil)
        #expect(test.authorizer.silence == .zero)
    }

    @Test("takes no token past its time, however often it was seen")
    func expiry() async throws {
        let test = try AuthorizerCase()
        test.authorizer.hear(try test.state())
        let token = try test.token().text
        #expect(await test.refusal(token) == nil)
        test.time.advance(by: .seconds(330))
        test.authorizer.hear(try test.state())
        #expect(await test.refusal(token) == .unauthenticated)
    }

    @Test("lets a call that comes before the first word wait for it")
    func firstWord() async throws {
        let test = try AuthorizerCase()
        let token = try test.token().text
        async let early = test.refusal(token)
        await pause()
        test.authorizer.hear(try test.state())
        #expect(await early == nil)
    }

    @Test("asks for a token where one is needed")
    func none() async throws {
        let test = try AuthorizerCase()
        await #expect(throws: RPCError(.unauthenticated, "a token is needed")) {
            try await test.authorizer.session(of: nil)
        }
    }
}

@Suite("Identity follower", .timeLimit(.minutes(5)))
struct IdentityFollowerTests {
    /// A gateway that tells what it is given, and ends its streams when that is asked of it.
    private struct Telling: RPCTransport {
        struct Lines: RPCLineSource {
            let next: @Sendable () async throws -> [UInt8]?
            func next() async throws -> [UInt8]? { try await next() }
        }

        let state: Latest<IdentityState>
        let opened: Latest<Int>

        func send(_ message: RPCOutgoing) async throws -> [UInt8] { throw RPCError(.methodNotFound, "no calls") }

        func open(_ message: RPCOutgoing) async throws -> any RPCLineSource {
            let count = opened.current.value
            opened.update(count + 1)
            guard count != 1 else { throw RPCError(.unavailable, "not now") }
            let seen = Latest(-1)
            return Lines { [state] in
                guard seen.current.value >= 0 else {
                    seen.update(state.current.version)
                    return Array(#"{"jsonrpc":"2.0","id":1,"result":"#.utf8) + encoded(state.current.value) + [0x7d]
                }
                guard let next = try await state.next(after: seen.current.value) else { return nil }
                seen.update(next.version)
                // The first stream breaks off.
                guard count > 0 else { return nil }
                let head = #"{"jsonrpc":"2.0","method":"identity.follow","params":"#
                return Array(head.utf8) + encoded(next.value) + [0x7d]
            }
        }
    }

    @Test("tells an authorizer all it hears, and comes back when the stream ends or cannot begin")
    func follows() async throws {
        let test = try AuthorizerCase()
        let state = Latest(try test.state())
        let opened = Latest(0)
        let client = RPCClient(Telling(state: state, opened: opened))
        let log = Log(label: "test", sink: MemorySink())
        let token = try test.token()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                try await IdentityFollower(client, test.authorizer, clock: ContinuousClock(), log: log).run()
            }
            #expect(await test.refusal(token.text) == nil)
            state.update(state.current.value)
            var version = 0
            while let next = try await opened.next(after: version), next.value < 3 { version = next.version }
            var ended = state.current.value
            ended.endedLogins = [try #require(token.person.login)]
            state.update(ended)
            while await test.refusal(token.text) == nil { await pause() }
            group.cancelAll()
        }
    }
}

private func encoded(_ state: IdentityState) -> [UInt8] {
    var writer = JSONWriter()
    try? state.writePayload(to: &writer)
    return writer.bytes
}
