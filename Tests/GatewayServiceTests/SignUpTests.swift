import Contracts
import Database
import JSON
import JSONRPC
import ServiceTesting
import Testing

@testable import GatewayService

@Suite("Sign-up", .timeLimit(.minutes(2)))
struct SignUpTests {
    private static let password = "quite another password"

    private static func signUp(_ email: String, _ password: String, _ token: String?) -> SignUp {
        SignUp(email: email, password: password, invitation: token, tenantName: "Mine")
    }

    @Test("joins the tenant of an invitation with its role, once", arguments: DatabaseEngine.allCases)
    func invitation(engine: DatabaseEngine) async throws {
        try await withAccounts(on: engine) { test in
            let admin = try await test.login().accessToken
            let made = try await test.call(.createInvitation, InvitationRequest(role: .editor), admin)
            let tokens = try await test.call(.signUp, Self.signUp("Al@Example.org", Self.password, made.token))
            let person = try await test.person(tokens.accessToken)
            #expect(person.role == .editor)
            #expect(person.tenant == .first)
            #expect(person.email == "al@example.org")
            #expect(!person.isOperator)
            let again = Self.signUp("bo@example.org", Self.password, made.token)
            #expect(try await test.code(.signUp, again) == .invalidParams)
            #expect(try await test.call(.listInvitations, Empty(), admin).invitations.isEmpty)
            _ = try await test.login("al@example.org", Self.password)
        }
    }

    @Test("says to whoever holds an invitation what it is to, as long as it can be used")
    func offer() async throws {
        try await withAccounts { test in
            let admin = try await test.login().accessToken
            let request = InvitationRequest(role: .editor, email: "al@example.org")
            let token = InvitationToken(token: try await test.call(.createInvitation, request, admin).token)
            let name = try await test.call(.getTenant, Empty(), admin).name
            let offer = InvitationOffer(tenantName: name, role: .editor, email: "al@example.org")
            #expect(try await test.call(.getInvitation, token) == offer)
            _ = try await test.call(.signUp, Self.signUp("al@example.org", Self.password, token.token))
            #expect(try await test.code(.getInvitation, token) == .invalidParams)
            #expect(try await test.code(.getInvitation, InvitationToken(token: "x")) == .invalidParams)
            #expect(RPCMethod<InvitationToken, InvitationOffer>.getInvitation.descriptor.isRead)
        }
    }

    @Test("takes an invitation for seven days, from whom it is for, and until it is taken back")
    func limits() async throws {
        try await withAccounts { test in
            let admin = try await test.login()
            let personal = InvitationRequest(role: .viewer, email: "Al@example.org")
            let one = try await test.call(.createInvitation, personal, admin.accessToken)
            let stranger = Self.signUp("bo@example.org", Self.password, one.token)
            #expect(try await test.code(.signUp, stranger) == .invalidParams)
            let two = try await test.call(.createInvitation, personal, admin.accessToken)
            _ = try await test.call(
                .deleteInvitation,
                InvitationReference(id: two.invitation.id),
                admin.accessToken
            )
            #expect(
                try await test.code(.signUp, Self.signUp("al@example.org", Self.password, two.token)) == .invalidParams
            )
            test.time.advance(by: .seconds(7 * 86_400))
            let late = Self.signUp("al@example.org", Self.password, one.token)
            #expect(try await test.code(.signUp, late) == .invalidParams)
            for text in ["", "x", one.token + "A", String(repeating: "A", count: 1 << 16)] {
                let code = try await test.code(.signUp, Self.signUp("al@example.org", Self.password, text))
                #expect(code == .invalidParams)
            }
        }
    }

    @Test("is closed to who has no invitation, unless it is open")
    func closed() async throws {
        try await withAccounts { test in
            let code = try await test.code(.signUp, Self.signUp("al@example.org", Self.password, nil))
            #expect(code == .permissionDenied)
        }
        try await withAccounts(isSignUpOpen: true) { test in
            let new = Self.signUp("al@example.org", Self.password, nil)
            let person = try await test.person(try await test.call(.signUp, new).accessToken)
            #expect(person.role == .admin)
            #expect(person.tenant != .first)
            let nameless = SignUp(email: "bo@example.org", password: Self.password)
            #expect(try await test.code(.signUp, nameless) == .invalidParams)
        }
    }

    @Test("with a known address takes its password, and answers another as a failed sign-in")
    func known() async throws {
        try await withAccounts(isSignUpOpen: true) { test in
            let wrong = Self.signUp(AccountCase.admin, Self.password, nil)
            await #expect(throws: Accounts.refusal) { try await test.call(.signUp, wrong) }
            let right = Self.signUp(AccountCase.admin, AccountCase.password, nil)
            let person = try await test.person(try await test.call(.signUp, right).accessToken)
            #expect(person.tenant != .first)
            // Guessing this way is slowed down like guessing at sign-in.
            for _ in 0..<5 { _ = try await test.code(.signUp, wrong) }
            #expect(try await test.code(.signUp, wrong) == .busy)
            #expect(await test.refusal(AccountCase.admin, AccountCase.password)?.code == .busy)
        }
    }

    @Test(
        "asks for an address",
        arguments: ["", "al", "al@", "@x", "a@b@c", "a l@x.org", "al@x.org\n", "a\u{202e}@x.org"]
    )
    func address(email: String) async throws {
        try await withAccounts(isSignUpOpen: true) { test in
            let error = await #expect(throws: RPCError.self) {
                try await test.call(.signUp, Self.signUp(email, Self.password, nil))
            }
            #expect(error?.data?["field"] == "email")
        }
    }

    @Test("takes an address of 254 bytes and none of 255")
    func length() async throws {
        try await withAccounts(isSignUpOpen: true) { test in
            let longest = "al@" + String(repeating: "x", count: 251)
            let tooLong = try await test.code(.signUp, Self.signUp(longest + "x", Self.password, nil))
            #expect(tooLong == .invalidParams)
            _ = try await test.call(.signUp, Self.signUp(longest, Self.password, nil))
        }
    }

    @Test("makes one person of many who sign up with one address at once", arguments: DatabaseEngine.allCases)
    func race(engine: DatabaseEngine) async throws {
        try await withAccounts(on: engine, isSignUpOpen: true) { test in
            let successes = await withTaskGroup(of: Bool.self) { group in
                for number in 0..<4 {
                    group.addTask {
                        let new = Self.signUp("al@example.org", "\(Self.password) \(number)", nil)
                        return (try? await test.code(.signUp, new)) == .some(nil)
                    }
                }
                return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
            }
            #expect(successes == 1)
            let count: Int? = try await test.database.read { try $0.value("SELECT count(*) FROM person") }
            #expect(count == 2)
            // Who was slower leaves no tenant behind.
            let tenants: Int? = try await test.database.read { try $0.value("SELECT count(*) FROM tenant") }
            #expect(tenants == 2)
        }
    }

    @Test("has room for a hundred invitations that nobody uses, and for others when some are over")
    func room() async throws {
        try await withAccounts { test in
            let admin = try await test.login()
            let request = InvitationRequest(role: .viewer)
            for _ in 0..<100 { _ = try await test.call(.createInvitation, request, admin.accessToken) }
            #expect(try await test.code(.createInvitation, request, admin.accessToken) == .conflict)
            test.time.advance(by: .seconds(7 * 86_400))
            try await test.feed.refresh()
            let later = try await test.refreshed(admin.refreshToken).accessToken
            #expect(try await test.code(.createInvitation, request, later) == nil)
        }
    }
}
