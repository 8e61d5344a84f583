import Configuration
import Contracts
import Database
import EventLoop
import Foundation
import JSONRPC
import Observability
import ServiceTesting
import Synchronization
import TestServers
import Testing

@testable import GatewayService

@Suite("Sign-in by a provider", .timeLimit(.minutes(3)))
struct ProviderTests {
    private static let publicURL = "http://127.0.0.1:18080"

    /// A gateway's methods, and the provider that they ask.
    private struct Site {
        let server: OpenIDServer
        let client: RPCClient
        let test: AccountCase
        let later = Mutex<Duration>.Box(.zero)

        init(_ test: AccountCase, _ server: OpenIDServer, on loop: EventLoop, _ values: [String: String] = [:])
            async throws
        {
            self.test = test
            self.server = server
            let base = [
                "GATEWAY_OIDC_ISSUER": server.issuer, "GATEWAY_OIDC_CLIENT_ID": OpenIDServer.clientID,
                "GATEWAY_OIDC_CLIENT_SECRET": OpenIDServer.clientSecret, "GATEWAY_PUBLIC_URL": ProviderTests.publicURL,
            ]
            let environment = Environment(base.merging(values) { $1 })
            let settings = try #require(try ProviderSettings(from: environment))
            let log = Log(label: "test", sink: MemorySink())
            let provider = await OpenIDProvider.open(
                settings,
                on: loop,
                now: { [later] in .now.advanced(by: later.value.withLock { $0 }) },
                log: log
            )
            var router = RPCRouter(title: "test", authorizer: test.authorizer, log: log)
            router.addAccounts(test.accounts)
            router.addProvider(provider, test.accounts)
            client = RPCClient(inProcess: router)
        }

        /// What a page does, up to where the browser is back.
        func goAndReturn(as name: String) async throws -> SignInReturn {
            let flow = try await client.call(.beginProviderSignIn, Empty())
            let back = try #require(URLComponents(string: try server.visit(flow.url, as: name)))
            #expect(back.path == "/auth/callback")
            let value = { (name: String) in back.queryItems?.first { $0.name == name }?.value ?? "" }
            return SignInReturn(code: value("code"), state: value("state"), flow: flow.flow)
        }

        func signIn(as name: String, invitation: String? = nil) async throws -> Person {
            var answer = try await goAndReturn(as: name)
            answer.invitation = invitation
            return try await test.person(try await client.call(.finishProviderSignIn, answer).accessToken)
        }

        func refusal(of answer: SignInReturn) async -> RPCError.Code? {
            await #expect(throws: RPCError.self) { try await client.call(.finishProviderSignIn, answer) }?.code
        }
    }

    private static func withSite(
        _ values: [String: String] = [:],
        on engine: DatabaseEngine = .sqlite,
        _ body: (Site) async throws -> Void
    ) async throws {
        let server = try await OpenIDServer(callback: publicURL + ProviderSettings.callbackPath)
        defer { server.stop() }
        let loop = try EventLoop(name: "provider")
        try loop.start()
        defer { loop.stop() }
        try await withAccounts(on: engine) { test in
            try await body(try await Site(test, server, on: loop, values))
        }
    }

    @Test(
        "takes those who are known here by the address that the provider has verified",
        arguments: DatabaseEngine.allCases
    )
    func known(engine: DatabaseEngine) async throws {
        try await Self.withSite(on: engine) { site in
            try site.server.addPerson("ann", email: AccountCase.admin)
            let person = try await site.signIn(as: "ann")
            let own = try await site.test.person(try await site.test.login().accessToken)
            #expect(person.id == own.id)
            #expect(person.isOperator)
            #expect(try await site.signIn(as: "ann").id == own.id)
        }
    }

    @Test("ends what was made of an address before its owner came", arguments: DatabaseEngine.allCases)
    func squatter(engine: DatabaseEngine) async throws {
        try await Self.withSite(on: engine) { site in
            let test = site.test
            let admin = try await test.login().accessToken
            let squatter = try await test.join("bob@example.org", as: .editor, admin, password: "a squatter's own")
            let request = APITokenRequest(name: "kept", role: .editor)
            let program = try await test.call(.createAPIToken, request, squatter.accessToken)
            try site.server.addPerson("bob", email: "bob@example.org")
            let bob = try await site.signIn(as: "bob")
            #expect(bob.role == .editor)
            #expect(await test.refusal("bob@example.org", "a squatter's own") != nil)
            let takesOld = try await test.takes(squatter.accessToken)
            #expect(!takesOld)
            #expect(try await test.exchange.accessToken(for: program.token) == nil)
            await #expect(throws: RPCError.self) { try await test.refreshed(squatter.refreshToken) }
            #expect(try await site.signIn(as: "bob").id == bob.id)
        }
    }

    @Test("gives an address that belongs to another one there nothing of who had it")
    func recycled() async throws {
        try await Self.withSite { site in
            try site.server.addPerson("ann", email: AccountCase.admin)
            _ = try await site.signIn(as: "ann")
            try site.server.addPerson("another", email: AccountCase.admin)
            let answer = try await site.goAndReturn(as: "another")
            #expect(await site.refusal(of: answer) == .permissionDenied)
        }
    }

    @Test("takes nobody else, unless there is a tenant for them")
    func strangers() async throws {
        try await Self.withSite { site in
            try site.server.addPerson("bob", email: "bob@example.org")
            let answer = try await site.goAndReturn(as: "bob")
            #expect(await site.refusal(of: answer) == .permissionDenied)
        }
        let settings = ["GATEWAY_OIDC_TENANT": "default", "GATEWAY_OIDC_ROLE": "editor"]
        try await Self.withSite(settings) { site in
            try site.server.addPerson("bob", email: "Bob@Example.org")
            let bob = try await site.signIn(as: "bob")
            #expect(bob.email == "bob@example.org")
            #expect(bob.tenant == .first)
            #expect(bob.role == .editor)
            #expect(!bob.isOperator)
            #expect(try await site.signIn(as: "bob").id == bob.id)
            // Nobody knows a password of theirs.
            #expect(await site.test.refusal("bob@example.org", "") != nil)
        }
    }

    @Test("takes whoever has an invitation")
    func invitation() async throws {
        try await Self.withSite { site in
            try site.server.addPerson("bob", email: "bob@example.org")
            let admin = try await site.test.login().accessToken
            let request = InvitationRequest(role: .viewer, email: "bob@example.org")
            let invitation = try await site.test.call(.createInvitation, request, admin)
            let bob = try await site.signIn(as: "bob", invitation: invitation.token)
            #expect(bob.role == .viewer)
            #expect(try await site.signIn(as: "bob").id == bob.id)
            // Another one to where bob is already lets him in, and stays as it is.
            let spare = try await site.test.call(.createInvitation, InvitationRequest(role: .admin), admin)
            let again = try await site.signIn(as: "bob", invitation: spare.token)
            #expect((again.role, again.tenant) == (.viewer, bob.tenant))
            #expect(try await site.test.call(.getInvitation, InvitationToken(token: spare.token)).role == .admin)
        }
    }

    @Test("believes no address that is not verified")
    func unverified() async throws {
        try await Self.withSite { site in
            try site.server.addPerson("eve", email: AccountCase.admin, isVerified: false)
            let answer = try await site.goAndReturn(as: "eve")
            #expect(await site.refusal(of: answer) == .unauthenticated)
        }
    }

    @Test("takes a code once, from whoever began, and with their own secret")
    func codes() async throws {
        try await Self.withSite { site in
            try site.server.addPerson("ann", email: AccountCase.admin)
            let answer = try await site.goAndReturn(as: "ann")
            let other = try await site.client.call(.beginProviderSignIn, Empty())
            var stolen = answer
            stolen.flow = other.flow
            #expect(await site.refusal(of: stolen) == .unauthenticated)
            stolen.state = try #require(
                URLComponents(string: other.url)?.queryItems?.first { $0.name == "state" }?.value
            )
            #expect(await site.refusal(of: stolen) == .unauthenticated, "the provider knows the verifier's hash")
            var elsewhere = answer
            elsewhere.iss = "https://elsewhere.example"
            #expect(await site.refusal(of: elsewhere) == .unauthenticated)
            for text in ["", "x", String(repeating: "a", count: 100_000)] {
                var strange = answer
                strange.flow = text
                #expect(await site.refusal(of: strange) == .unauthenticated)
            }
            let again = try await site.goAndReturn(as: "ann")
            _ = try await site.client.call(.finishProviderSignIn, again)
            #expect(await site.refusal(of: again) == .unauthenticated)
        }
    }

    @Test("asks for keys anew when the provider has other ones, once a minute")
    func rotation() async throws {
        try await Self.withSite { site in
            try site.server.addPerson("ann", email: AccountCase.admin)
            _ = try await site.signIn(as: "ann")
            try site.server.changeKey()
            let early = try await site.goAndReturn(as: "ann")
            #expect(await site.refusal(of: early) == .unauthenticated)
            site.later.value.withLock { $0 = .seconds(61) }
            _ = try await site.signIn(as: "ann")
        }
    }

    @Test("is unavailable while the provider is, and says nothing of why")
    func away() async throws {
        try await Self.withSite { site in
            site.server.stop()
            let error = await #expect(throws: RPCError.self) {
                try await site.client.call(.beginProviderSignIn, Empty())
            }
            #expect(error?.code == .unavailable)
            #expect(error?.message == "127.0.0.1 cannot be asked now")
        }
        // It signs people in under another name than its settings say.
        try await Self.withSite(["GATEWAY_OIDC_ISSUER": "http://127.0.0.1:1/api/oidc"]) { site in
            let error = await #expect(throws: RPCError.self) {
                try await site.client.call(.beginProviderSignIn, Empty())
            }
            #expect(error?.code == .unavailable)
        }
    }
}
