import Contracts
import Database
import DatabaseCalls
import JSON
import JSONRPC
import Lifecycle
import ServiceTesting
import Testing

@testable import GatewayService

@Suite("Sign-in", .timeLimit(.minutes(2)))
struct SignInTests {
    @Test("is for who knows the password, in whatever case the address is written", arguments: DatabaseEngine.allCases)
    func login(engine: DatabaseEngine) async throws {
        try await withAccounts(on: engine) { test in
            let tokens = try await test.login("ADMIN@Example.org")
            #expect(tokens.expiresInSeconds == 300)
            let person = try await test.person(tokens.accessToken)
            #expect(person.email == AccountCase.admin)
            #expect(person.tenant == .first)
            #expect(person.role == .admin)
            #expect(person.isOperator)
            // Makes the first administrator once.
            let email = "b@example.org"
            let isMade = try await test.accounts.makeFirstAdmin(email: email, password: AccountCase.password)
            #expect(!isMade)
            for weak in ["1234567", email] {
                await #expect(throws: LifecycleError.self) {
                    try await test.accounts.makeFirstAdmin(email: email, password: weak)
                }
            }
        }
    }

    @Test("answers a wrong password, an unknown name, another's tenant and a suspended one alike")
    func wrong() async throws {
        try await withAccounts { test in
            let admin = try await test.login().accessToken
            let made = try await test.call(.createTenant, TenantName(name: "Other"), admin)
            _ = try await test.call(
                .signUp,
                SignUp(email: "bo@example.org", password: AccountCase.password, invitation: made.invitation.token)
            )
            _ = try await test.call(.suspendTenant, TenantReference(id: made.tenant.id), admin)
            let wrong = await test.refusal(AccountCase.admin, "wrong")
            #expect(wrong?.code == .unauthenticated)
            for (email, password) in [
                ("nobody@example.org", AccountCase.password), ("", ""), (AccountCase.admin, ""),
                (AccountCase.admin, String(repeating: "x", count: 1 << 20)),
                (AccountCase.admin, AccountCase.password + "\0"), ("' OR 1=1 --", "x"),
                (String(repeating: "a", count: 1 << 20), "x"), ("bo@example.org", AccountCase.password),
            ] {
                #expect(await test.refusal(email, password) == wrong, "\(email.prefix(30))")
            }
            let elsewhere = Credentials(
                email: AccountCase.admin,
                password: AccountCase.password,
                tenant: made.tenant.id
            )
            #expect(try await test.code(.login, elsewhere) == .unauthenticated)
        }
    }

    @Test("takes a password in any form of Unicode")
    func normalization() async throws {
        try await withAccounts { test in
            let admin = try await test.login().accessToken
            _ = try await test.join("al@example.org", as: .viewer, admin, password: "Stra\u{df}e caf\u{e9} \u{1f600}")
            _ = try await test.login("al@example.org", "Stra\u{df}e cafe\u{301} \u{1f600}")
        }
    }

    @Test("rotates refresh tokens, and takes one twice within the grace alone", arguments: DatabaseEngine.allCases)
    func rotation(engine: DatabaseEngine) async throws {
        try await withAccounts(on: engine) { test in
            let first = try await test.login()
            let second = try await test.refreshed(first.refreshToken)
            #expect(second.refreshToken != first.refreshToken)
            test.time.advance(by: .seconds(10))
            let third = try await test.refreshed(first.refreshToken)
            #expect(try await test.takes(third.accessToken))
            test.time.advance(by: .seconds(1))
            await #expect(throws: RPCError.self) { try await test.refreshed(first.refreshToken) }
            // Somebody else had it: nothing of this sign-in is good any more, and at once.
            for token in [first, second, third] {
                await #expect(throws: RPCError.self) { try await test.refreshed(token.refreshToken) }
                #expect(try await !test.takes(token.accessToken))
            }
            #expect(try await test.takes(try await test.login().accessToken))
        }
    }

    @Test("ends at logout, and no other does")
    func logout() async throws {
        try await withAccounts { test in
            let (one, other) = (try await test.login(), try await test.login())
            let next = try await test.refreshed(one.refreshToken)
            _ = try await test.call(.logout, RefreshToken(refreshToken: next.refreshToken))
            for token in [one, next] {
                await #expect(throws: RPCError.self) { try await test.refreshed(token.refreshToken) }
                #expect(try await !test.takes(token.accessToken))
            }
            #expect(try await test.takes(try await test.refreshed(other.refreshToken).accessToken))
            _ = try await test.call(.logout, RefreshToken(refreshToken: "unknown!"))
        }
    }

    @Test("takes no refresh token that is none", arguments: ["", "AAAA", "!", "a.b.c"])
    func noToken(text: String) async throws {
        try await withAccounts { test in
            await #expect(throws: RPCError.self) { try await test.refreshed(text) }
        }
    }

    @Test("is over after thirty days, whatever is refreshed")
    func end() async throws {
        try await withAccounts { test in
            var token = try await test.login().refreshToken
            for _ in 0..<29 {
                test.time.advance(by: .seconds(86_400))
                token = try await test.refreshed(token).refreshToken
            }
            test.time.advance(by: .seconds(86_400))
            await #expect(throws: RPCError.self) { try await test.refreshed(token) }
        }
    }

    @Test("is listed with where it is from, and can be ended from another one")
    func list() async throws {
        try await withAccounts { test in
            let credentials = Credentials(email: AccountCase.admin, password: AccountCase.password)
            let (one, two) = try await RequestOrigin.$userAgent.withValue("Browser/1") {
                let one = try await test.login()
                test.time.advance(by: .seconds(1))
                return (one, try await test.call(.login, credentials, from: "198.51.100.7"))
            }
            let logins = try await test.call(.listLogins, Empty(), one.accessToken).logins
            #expect(logins.map(\.address) == ["198.51.100.7", "192.0.2.1"])
            #expect(logins.map(\.userAgent) == ["Browser/1", "Browser/1"])
            #expect(logins.map(\.isCurrent) == [false, true])
            let other = try #require(logins.first)
            _ = try await test.call(.endLogin, LoginReference(id: other.id), one.accessToken)
            #expect(try await !test.takes(two.accessToken))
            await #expect(throws: RPCError.self) { try await test.refreshed(two.refreshToken) }
            #expect(try await test.takes(one.accessToken))
            #expect(try await test.call(.listLogins, Empty(), one.accessToken).logins.count == 1)
        }
    }

    @Test("of somebody else cannot be ended")
    func foreign() async throws {
        try await withAccounts { test in
            let admin = try await test.login()
            let viewer = try await test.join("al@example.org", as: .viewer, admin.accessToken)
            let logins = try await test.call(.listLogins, Empty(), admin.accessToken).logins
            let own = try #require(logins.first)
            _ = try await test.call(.endLogin, LoginReference(id: own.id), viewer.accessToken)
            #expect(try await test.takes(admin.accessToken))
        }
    }

    @Test("goes on in another tenant that one is a member of, and begins there the next time")
    func switching() async throws {
        try await withAccounts { test in
            let admin = try await test.login()
            let made = try await test.call(.createTenant, TenantName(name: "Other"), admin.accessToken)
            let reference = TenantReference(id: made.tenant.id)
            #expect(try await test.code(.switchTenant, reference, admin.accessToken) == .notFound)
            let token = InvitationToken(token: made.invitation.token)
            let joined = try await test.call(.acceptInvitation, token, admin.accessToken)
            #expect(try await test.person(joined.accessToken).tenant == made.tenant.id)
            let tenants = try await test.call(.listMemberships, Empty(), admin.accessToken).tenants
            #expect(Set(tenants.map(\.tenant)) == [.first, made.tenant.id])
            let back = try await test.call(.switchTenant, TenantReference(id: .first), joined.accessToken)
            #expect(try await test.person(back.accessToken).tenant == .first)
            _ = try await test.call(.switchTenant, reference, back.accessToken)
            #expect(try await test.person(try await test.login().accessToken).tenant == made.tenant.id)
            let chosen = try await test.login(tenant: .first)
            #expect(try await test.person(chosen.accessToken).tenant == .first)
        }
    }

    @Test("number fifty-one ends the one that was not used for longest")
    func limit() async throws {
        try await withAccounts { test in
            let first = try await test.login()
            let person = try await test.person(first.accessToken)
            let (member, hash) = try await test.database.read(as: .every) { connection in
                let hash = try connection.password(of: AccountCase.admin)?.hash ?? ""
                return (try connection.member(person.id, of: .first), hash)
            }
            var second: TokenPair?
            for _ in 0..<50 {
                test.time.advance(by: .milliseconds(1))
                let tokens = try await test.accounts.signIn(member, proving: hash)
                second = second ?? tokens
            }
            #expect(try await !test.takes(first.accessToken))
            await #expect(throws: RPCError.self) { try await test.refreshed(first.refreshToken) }
            #expect(try await test.takes(try #require(second).accessToken))
        }
    }
}
