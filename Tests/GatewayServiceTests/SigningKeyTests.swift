import Contracts
import Database
import ServiceTesting
import Testing
import Tokens

@testable import GatewayService

@Suite("Signing keys", .timeLimit(.minutes(2)))
struct SigningKeyTests {
    private static let day = Duration.seconds(86_400)
    private static let lifetime = Duration.seconds(TokenProfile.lifetimeSeconds + TokenProfile.skewSeconds)

    @Test("are published a lifetime and a skew before they sign, and until their last token is over")
    func schedule() {
        let schedule = KeySchedule(interval: Self.day)
        let begin = Timestamp(microseconds: 1_800_000_000_000_000)
        var madeAt: [Timestamp] = []
        var published: [Timestamp: (from: Timestamp, to: Timestamp)] = [:]
        var signed: [Timestamp: (from: Timestamp, to: Timestamp)] = [:]
        // A week, a minute at a time, as a gateway does it.
        for minute in 0..<7 * 1_440 {
            let now = begin.advanced(by: .seconds(60 * minute))
            madeAt.removeFirst(schedule.expired(madeAt, now: now))
            if schedule.isDue(madeAt, now: now) { madeAt.append(now) }
            for key in madeAt { published[key, default: (now, now)].to = now }
            guard let index = schedule.signing(madeAt, now: now) else { return #expect(Bool(false), "nobody signs") }
            signed[madeAt[index], default: (now, now)].to = now
            #expect(madeAt.count <= 2)
        }
        #expect(signed.count == 7)
        for (key, span) in signed.sorted(by: { $0.key < $1.key }).dropLast() {
            guard let known = published[key] else { return #expect(Bool(false), "signs unpublished") }
            #expect(known.to >= span.to.advanced(by: Self.lifetime))
            // The first of all has nobody to wait for.
            if key != begin { #expect(span.from >= known.from.advanced(by: Self.lifetime)) }
        }
    }

    @Test("sign nothing that anyone who listens cannot verify", arguments: DatabaseEngine.allCases)
    func rotation(engine: DatabaseEngine) async throws {
        try await withAccounts(on: engine) { test in
            var last: String?
            var seen: Set<String> = []
            for _ in 0..<3 * 24 * 60 / 4 {
                // What was heard four minutes ago is all that others know.
                let others = TokenVerifier(test.feed.current.keys)
                test.time.advance(by: .seconds(240))
                try await test.feed.refresh()
                seen.formUnion(test.feed.current.keys.keys.map(\.kid))
                let person = Person(id: .make(), email: "a@b", tenant: .first, role: .viewer)
                let token = try test.feed.keys.token(for: AccessGrant(person: person), now: test.time.now)
                #expect((try? others.verify(token, now: test.time.now.seconds)) != nil)
                if let last { #expect(try await test.takes(last)) }
                last = token
            }
            #expect(seen.count >= 3)
            #expect(test.feed.current.keys.keys.count <= 2)
            let rows: Int? = try await test.database.read { try $0.value("SELECT count(*) FROM signing_key") }
            #expect(rows ?? 0 <= 2)
        }
    }

    @Test("are the same for all gateways, and over a restart", arguments: DatabaseEngine.allCases)
    func shared(engine: DatabaseEngine) async throws {
        try await withAccounts(on: engine) { test in
            let other = try await SigningKeys.open(test.database, interval: Self.day, now: test.time.now)
            #expect(try other.published() == test.feed.current.keys)
            test.time.advance(by: Self.day)
            try await other.refresh(now: test.time.now)
            try await test.feed.refresh()
            #expect(try other.published() == test.feed.current.keys)
            #expect(test.feed.current.keys.keys.count == 2)
        }
    }
}
