import Contracts
import JSON
import JSONRPC
import ServiceTesting
import Testing

@testable import GatewayService

@Suite("Login throttle", .timeLimit(.minutes(2)))
struct ThrottleTests {
    private static let key = LoginThrottle.Key(account: "a", address: "1")

    /// Makes an attempt that fails as soon as it may; returns the pause before it.
    private static func fail(_ throttle: inout LoginThrottle, _ key: LoginThrottle.Key, _ now: inout Int) -> Int {
        guard case .refused(let pause) = throttle.attempt(key, now: now) else { return 0 }
        now += pause
        _ = throttle.attempt(key, now: now)
        return pause
    }

    @Test("doubles the pause up to a quarter of an hour, and forgets it at success")
    func pauses() {
        var throttle = LoginThrottle()
        var now = 1_000
        let pauses = (0..<17).map { _ in Self.fail(&throttle, Self.key, &now) }
        #expect(pauses == [0, 0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900])
        let other = LoginThrottle.Key(account: "b", address: "1")
        #expect(throttle.attempt(other, now: now) == .admitted(afterSeconds: 0))
        let elsewhere = LoginThrottle.Key(account: "a", address: "2")
        #expect(throttle.attempt(elsewhere, now: now) == .admitted(afterSeconds: 0))
        throttle.succeeded(Self.key)
        #expect(throttle.attempt(Self.key, now: now) == .admitted(afterSeconds: 0))
    }

    @Test("has everyone wait for an account that fails from everywhere, and forgets that after a day")
    func spray() {
        var throttle = LoginThrottle()
        for number in 0..<100 {
            let key = LoginThrottle.Key(account: "a", address: "\(number)")
            #expect(throttle.attempt(key, now: 1_000) == .admitted(afterSeconds: 0))
        }
        let fresh = LoginThrottle.Key(account: "a", address: "owner")
        #expect(throttle.attempt(fresh, now: 1_001) == .admitted(afterSeconds: 10))
        throttle.succeeded(fresh)
        #expect(throttle.attempt(fresh, now: 1_002) == .admitted(afterSeconds: 10))
        #expect(throttle.attempt(Self.key, now: 1_002) == .admitted(afterSeconds: 10))
        #expect(throttle.attempt(fresh, now: 1_000 + 86_400) == .admitted(afterSeconds: 0))
    }

    @Test("counts an attempt before its password is looked at, and takes back what came to nothing")
    func early() {
        var throttle = LoginThrottle()
        for _ in 0..<5 { #expect(throttle.attempt(Self.key, now: 1_000) == .admitted(afterSeconds: 0)) }
        #expect(throttle.attempt(Self.key, now: 1_000) == .refused(retryAfterSeconds: 1))
        throttle.withdraw(Self.key)
        #expect(throttle.attempt(Self.key, now: 1_000) == .admitted(afterSeconds: 0))
        #expect(throttle.attempt(Self.key, now: 1_000) == .refused(retryAfterSeconds: 1))
    }

    @Test("keeps no more than it has room for, and of these the worst")
    func memory() {
        var throttle = LoginThrottle()
        var now = 1_000
        for _ in 0..<9 { _ = Self.fail(&throttle, Self.key, &now) }
        for number in 0..<30_000 {
            _ = throttle.attempt(LoginThrottle.Key(account: "\(number)", address: "2"), now: now)
        }
        guard case .refused = throttle.attempt(Self.key, now: now) else {
            return #expect(Bool(false), "the worst was forgotten")
        }
    }

    @Test("lets five of many guesses at once be looked at")
    func race() async throws {
        try await withAccounts { test in
            let codes = await withTaskGroup(of: RPCError.Code?.self) { group in
                for _ in 0..<40 { group.addTask { await test.refusal(AccountCase.admin, "wrong")?.code } }
                return await group.reduce(into: []) { $0.append($1) }
            }
            #expect(codes.count { $0 == .unauthenticated } <= 5)
            #expect(codes.count { $0 == .busy } >= 35)
            let busy = await test.refusal(AccountCase.admin, AccountCase.password)
            #expect(busy?.data?["retry_after_ms"] != nil)
            // From elsewhere the account is as it was, and here another one.
            #expect(await test.refusal(AccountCase.admin, AccountCase.password, from: "198.51.100.1") == nil)
            #expect(await test.refusal("other@example.org", "wrong")?.code == .unauthenticated)
        }
    }

    @Test("takes all addresses of one half of IPv6 for one")
    func networks() async throws {
        try await withAccounts { test in
            for number in 0..<5 {
                let address = "[2001:db8::\(number)]"
                #expect(await test.refusal(AccountCase.admin, "wrong", from: address)?.code == .unauthenticated)
            }
            #expect(await test.refusal(AccountCase.admin, "wrong", from: "[2001:db8::ffff]")?.code == .busy)
            #expect(await test.refusal(AccountCase.admin, "wrong", from: "[2001:db8:0:1::]")?.code == .unauthenticated)
        }
    }

    @Test("delays the owner of an account that everyone guesses at, and lets them in")
    func owner() async throws {
        try await withAccounts { test in
            for number in 0..<100 {
                let address = "198.51.100.\(number)"
                _ = await test.refusal(AccountCase.admin, "wrong", from: address)
            }
            #expect(await test.refusal(AccountCase.admin, AccountCase.password) == nil)
            #expect(test.clock.slept == [.seconds(10)])
        }
    }
}
