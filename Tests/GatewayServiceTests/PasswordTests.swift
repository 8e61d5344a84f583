import Contracts
import Database
import DatabaseCalls
import Foundation
import JSON
import JSONRPC
import ServiceTesting
import Testing

@testable import GatewayService

@Suite("Passwords", .timeLimit(.minutes(2)))
struct PasswordTests {
    private static let new = "quite another password"

    private static func isGood(_ password: String, list: [String] = [], names: [String] = []) -> Bool {
        (try? PasswordRules(list: PasswordList(list)).check(password, "password", names: names)) != nil
    }

    @Test("are as long as they should be, and made of anything")
    func lengths() {
        #expect(!Self.isGood("1234567"))
        #expect(Self.isGood("12345678"))
        #expect(Self.isGood(String(repeating: "x", count: 1_024)))
        #expect(!Self.isGood(String(repeating: "x", count: 1_025)))
        #expect(Self.isGood("\u{1f600}\u{1f601}\u{1f602}\u{1f603}\u{1f604}\u{1f605}\u{1f606}\u{1f607}"))
        // Eight letters and eight accents are eight characters.
        #expect(Self.isGood(String(repeating: "e\u{301}", count: 8)))
        #expect(!Self.isGood(String(repeating: "e\u{301}", count: 7)))
    }

    @Test("are none that everybody has, or knows of somebody")
    func common() {
        let list = ["letmein123", "Caf\u{e9} au lait", ""]
        for password in ["letmein123", "LetMeIn123", "cafe\u{301} au lait"] {
            #expect(!Self.isGood(password, list: list))
            #expect(Self.isGood(password))
        }
        #expect(Self.isGood("letmein1234", list: list))
        #expect(!Self.isGood("Ann.Smith", names: PasswordRules.names(inEmail: "ann.smith@example.org")))
        #expect(!Self.isGood("ann.smith@example.org", names: PasswordRules.names(inEmail: "ann.smith@example.org")))
    }

    @Test("are refused by a list of a file, with one on each line")
    func file() throws {
        let directory = try TemporaryDirectory()
        let path = directory.path + "/list"
        try Data("trustno1!\r\nqwertyuiop\n\n".utf8).write(to: URL(filePath: path))
        let list = try PasswordList(file: path)
        #expect(list.contains("trustno1!"))
        #expect(list.contains("QWERTYUIOP"))
        #expect(!list.contains("qwertyuio"))
        try Data().write(to: URL(filePath: path))
        #expect(throws: (any Error).self) { try PasswordList(file: path) }
        #expect(throws: (any Error).self) { try PasswordList(file: directory.path + "/none") }
    }

    @Test("that are too easy are refused wherever one is set")
    func everywhere() async throws {
        try await withAccounts(commonPasswords: ["letmein123"]) { test in
            let admin = try await test.login()
            let member = try await test.join("al@example.org", as: .viewer, admin.accessToken)
            let change = PasswordChange(oldPassword: AccountCase.password, newPassword: "letmein123")
            #expect(try await test.code(.changePassword, change, member.accessToken) == .invalidParams)
            let id = try await test.person(member.accessToken).id
            let token = try await test.call(.resetPassword, MemberReference(id: id), admin.accessToken).token
            let reset = PasswordReset(token: token, newPassword: "letmein123")
            #expect(try await test.code(.finishReset, reset) == .invalidParams)
            let made = try await test.call(.createInvitation, InvitationRequest(role: .viewer), admin.accessToken)
            for password in ["letmein123", "bo.smith.long", "Default"] {
                let new = SignUp(email: "bo.smith.long@x.org", password: password, invitation: made.token)
                #expect(try await test.code(.signUp, new) == .invalidParams)
            }
        }
    }

    @Test("are changed by who knows the old one, which ends all other sign-ins", arguments: DatabaseEngine.allCases)
    func change(engine: DatabaseEngine) async throws {
        try await withAccounts(on: engine) { test in
            let (here, there) = (try await test.login(), try await test.login())
            let wrong = PasswordChange(oldPassword: "wrong", newPassword: Self.new)
            #expect(try await test.code(.changePassword, wrong, here.accessToken) == .invalidParams)
            let change = PasswordChange(oldPassword: AccountCase.password, newPassword: Self.new)
            _ = try await test.call(.changePassword, change, here.accessToken)
            #expect(try await test.takes(here.accessToken))
            #expect(try await !test.takes(there.accessToken))
            await #expect(throws: RPCError.self) { try await test.refreshed(there.refreshToken) }
            _ = try await test.refreshed(here.refreshToken)
            #expect(await test.refusal(AccountCase.admin, AccountCase.password)?.code == .unauthenticated)
            _ = try await test.login(AccountCase.admin, Self.new)
        }
    }

    @Test("that were forgotten are set with a token, once and within a day", arguments: DatabaseEngine.allCases)
    func reset(engine: DatabaseEngine) async throws {
        try await withAccounts(on: engine) { test in
            let admin = try await test.login().accessToken
            let member = try await test.join("al@example.org", as: .viewer, admin)
            let reference = MemberReference(id: try await test.person(member.accessToken).id)
            let older = try await test.call(.resetPassword, reference, admin).token
            let token = try await test.call(.resetPassword, reference, admin).token
            for text in [older, "", "x"] {
                let reset = PasswordReset(token: text, newPassword: Self.new)
                #expect(try await test.code(.finishReset, reset) == .invalidParams)
            }
            _ = try await test.call(.finishReset, PasswordReset(token: token, newPassword: Self.new))
            #expect(try await !test.takes(member.accessToken))
            await #expect(throws: RPCError.self) { try await test.refreshed(member.refreshToken) }
            _ = try await test.login("al@example.org", Self.new)
            let again = PasswordReset(token: token, newPassword: Self.new)
            #expect(try await test.code(.finishReset, again) == .invalidParams)
            let late = try await test.call(.resetPassword, reference, admin).token
            test.time.advance(by: .seconds(86_400))
            let tooLate = PasswordReset(token: late, newPassword: Self.new)
            #expect(try await test.code(.finishReset, tooLate) == .invalidParams)
        }
    }

    @Test("of operators, and of members of other tenants, are reset by operators alone")
    func power() async throws {
        try await withAccounts(isSignUpOpen: true) { test in
            let operate = try await test.login().accessToken
            let admin = try await test.join("al@example.org", as: .admin, operate).accessToken
            let operatorID = MemberReference(id: try await test.person(operate).id)
            #expect(try await test.code(.resetPassword, operatorID, admin) == .permissionDenied)
            let member = try await test.join("bo@example.org", as: .viewer, operate).accessToken
            let both = MemberReference(id: try await test.person(member).id)
            #expect(try await test.code(.resetPassword, both, admin) == nil)
            let second = SignUp(email: "bo@example.org", password: AccountCase.password, tenantName: "Second")
            _ = try await test.call(.signUp, second)
            #expect(try await test.code(.resetPassword, both, admin) == .permissionDenied)
            #expect(try await test.code(.resetPassword, both, operate) == nil)
            let seen = try await test.call(.listMembers, Empty(), admin).members
            #expect(seen.filter(\.isResettable).map(\.email) == ["al@example.org"])
            #expect(try await test.call(.listMembers, Empty(), operate).members.allSatisfy(\.isResettable))
            let change = MemberChange(id: both.id, role: .editor)
            #expect(try await !test.call(.updateMember, change, admin).isResettable)
        }
    }

    @Test("are hashed one at a time, and when too many wait some are told to come back")
    func flood() async throws {
        let hasher = try PasswordHasher()
        let hash = try await hasher.hash(Self.new)
        let answers = await withTaskGroup(of: Bool?.self) { group in
            for number in 0..<64 {
                group.addTask {
                    let isRight = number % 2 == 0
                    let answer = try? await hasher.verify(isRight ? Self.new : "wrong", hash)
                    return answer.map { $0 == isRight }
                }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
        #expect(answers.contains(nil))
        #expect(answers.contains(true))
        #expect(!answers.contains(false))
        #expect(try await hasher.verify(Self.new, hash))
        hasher.close()
    }

    @Test("that were changed while an old one was looked at begin no sign-in", arguments: DatabaseEngine.allCases)
    func overtaken(engine: DatabaseEngine) async throws {
        try await withAccounts(on: engine) { test in
            let tokens = try await test.login()
            let person = try await test.person(tokens.accessToken)
            let (member, hash) = try await test.database.read(as: .every) { connection in
                let hash = try connection.password(of: AccountCase.admin)?.hash ?? ""
                return (try connection.member(person.id, of: .first), hash)
            }
            let change = PasswordChange(oldPassword: AccountCase.password, newPassword: Self.new)
            _ = try await test.call(.changePassword, change, tokens.accessToken)
            await #expect(throws: Accounts.refusal) { try await test.accounts.signIn(member, proving: hash) }
            #expect(try await test.call(.listLogins, Empty(), tokens.accessToken).logins.count == 1)
        }
    }
}
