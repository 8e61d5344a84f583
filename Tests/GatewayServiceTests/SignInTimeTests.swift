import Contracts
import Glibc
import JSON
import JSONRPC
import ServiceTesting
import Testing
import Tokens

@testable import GatewayService

/// What takes time is the hash, so hashes are counted first; then what is left is measured.
@Suite("The time of a sign-in", .timeLimit(.minutes(5)))
struct SignInTimeTests {
    private struct Attempt {
        var name: String
        var email: String
        var password: String
        var tenant: TenantID?
    }

    private static let provided = "pat@example.org"
    private static let suspended = "bo@example.org"

    /// All that is refused after a look at a password, with somebody in a suspended tenant and somebody who only comes by a
    /// provider.
    private static func failures(_ test: AccountCase) async throws -> [Attempt] {
        let admin = try await test.login().accessToken
        let made = try await test.call(.createTenant, TenantName(name: "Other"), admin)
        let bo = SignUp(email: suspended, password: AccountCase.password, invitation: made.invitation.token)
        _ = try await test.call(.signUp, bo)
        _ = try await test.call(.suspendTenant, TenantReference(id: made.tenant.id), admin)
        let pat = ProvidedIdentity(issuer: "https://id.example", subject: "pat", email: provided)
        _ = try await test.accounts.signIn(pat, invitation: nil, joining: .first, as: .viewer)
        let long = String(repeating: "x", count: 1 << 20)
        return [
            Attempt(name: "unknown", email: "nobody@example.org", password: AccountCase.password),
            Attempt(name: "wrong password", email: AccountCase.admin, password: "wrong"),
            Attempt(name: "suspended", email: suspended, password: AccountCase.password),
            Attempt(name: "provider's", email: provided, password: "wrong"),
            Attempt(name: "too long", email: AccountCase.admin, password: long),
            Attempt(name: "too long, unknown", email: "nobody@example.org", password: long),
            Attempt(
                name: "another's tenant",
                email: AccountCase.admin,
                password: AccountCase.password,
                tenant: made.tenant.id
            ),
            Attempt(name: "no address", email: "", password: ""),
            Attempt(
                name: "no such tenant",
                email: "nobody@example.org",
                password: "wrong",
                tenant: TenantID(rawValue: "x")
            ),
        ]
    }

    /// What an attempt is answered with.
    private static func refusal(_ attempt: Attempt, _ test: AccountCase, from address: String) async -> RPCError? {
        let credentials = Credentials(email: attempt.email, password: attempt.password, tenant: attempt.tenant)
        do {
            _ = try await test.call(.login, credentials, from: address)
            return nil
        } catch {
            return error as? RPCError
        }
    }

    @Test("is that of one hash, whoever it is for and whatever is wrong")
    func hashes() async throws {
        try await withAccounts { test in
            for attempt in try await Self.failures(test) {
                let before = test.hasher.computedCount
                let refusal = await Self.refusal(attempt, test, from: "192.0.2.1")
                #expect(refusal == Accounts.refusal, "\(attempt.name)")
                #expect(test.hasher.computedCount == before + 1, "\(attempt.name)")
            }
        }
    }

    @Test("is that of none for who tried too often, whether the account is there or not, or the password right")
    func throttled() async throws {
        try await withAccounts { test in
            var answers: [RPCError?] = []
            for attempt in try await Self.failures(test).prefix(4) {
                for _ in 0..<5 {
                    #expect(await Self.refusal(attempt, test, from: "192.0.2.1") == Accounts.refusal, "\(attempt.name)")
                }
                let before = test.hasher.computedCount
                answers.append(await Self.refusal(attempt, test, from: "192.0.2.1"))
                #expect(test.hasher.computedCount == before, "\(attempt.name)")
            }
            #expect(answers.first??.code == .busy)
            #expect(answers.allSatisfy { $0 == answers[0] }, "\(answers)")
            #expect(test.clock.slept.isEmpty)
        }
    }

    @Test("is that of no hash where signing up is closed, and of one with an invitation")
    func signUp() async throws {
        try await withAccounts { test in
            let admin = try await test.login().accessToken
            for invitation in [nil, "none"] {
                var codes: [RPCError.Code?] = []
                let before = test.hasher.computedCount
                for email in [AccountCase.admin, "nobody@example.org"] {
                    let new = SignUp(email: email, password: "a good long password", invitation: invitation)
                    codes.append(try await test.code(.signUp, new))
                }
                #expect(codes[0] != nil && codes[0] == codes[1])
                #expect(test.hasher.computedCount == before)
            }
            for email in [AccountCase.admin, "nobody@example.org"] {
                let open = try await test.call(.createInvitation, InvitationRequest(role: .viewer), admin)
                let before = test.hasher.computedCount
                let new = SignUp(email: email, password: "a good long password", invitation: open.token)
                _ = try await test.code(.signUp, new)
                #expect(test.hasher.computedCount == before + 1, "\(email)")
            }
        }
    }

    /// Of the thread that hashes, so what else the machine does counts for little; by turns, so that it counts for all.
    @Test("is the same processor time in the middle, whoever it is for and whatever is wrong")
    func distribution() async throws {
        try await withAccounts { test in
            let attempts = try await Self.failures(test)
            var samples = attempts.map { _ in [Duration]() }
            for round in 0..<15 {
                for turn in attempts.indices {
                    let place = (turn + round) % attempts.count
                    let begun = await test.hasher.processorTime()
                    _ = await Self.refusal(attempts[place], test, from: "198.51.100.\(round)")
                    samples[place].append(await test.hasher.processorTime() - begun)
                }
            }
            let medians = samples.map { $0.sorted()[$0.count / 2] }
            let (least, most) = (try #require(medians.min()), try #require(medians.max()))
            let told = zip(attempts, medians).map { "\($0.name) \($1)" }.joined(separator: ", ")
            // A hash of one pass in place of two is half of it, and none is a hundredth.
            #expect(most < least * 1.5, "\(told)")
        }
    }
}

extension PasswordHasher {
    /// What its thread has used of a processor.
    fileprivate func processorTime() -> Duration {
        var time = timespec()
        _ = unsafe clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
    }
}
