import Contracts
import Database
import JSON
import JSONRPC
import Lifecycle
import Observability
import ServiceTesting
import Synchronization
import Testing

@testable import GatewayService

@Suite("Identity feed", .timeLimit(.minutes(2)))
struct IdentityFeedTests {
    @Test("tells those who follow the whole state, what changes at once, and something every few seconds")
    func follow() async throws {
        try await withAccounts { test in
            let feed = test.feed
            var router = RPCRouter(title: "test", authorizer: OpenDoor(), log: Log(label: "test", sink: MemorySink()))
            router.handle(.followIdentity) { _ in feed.follow() }
            try await withClient(of: router, as: .store) { client in
                let subscription = try await client.follow(.followIdentity, Empty())
                #expect(subscription.result == feed.current)
                let tokens = try await test.login()
                let login = try await test.person(tokens.accessToken).login
                _ = try await test.call(.logout, RefreshToken(refreshToken: tokens.refreshToken))
                var heard = subscription.result
                while heard.endedLogins.isEmpty { heard = try #require(try await subscription.next()) }
                #expect(heard.endedLogins.map(Optional.some) == [login])
                let version = feed.current
                try await feed.refresh()
                #expect(try await subscription.next() == version)
                await feed.drain()
                #expect(try await subscription.next() == nil)
            }
        }
    }

    @Test(
        "hears of what another gateway has ended, and forgets it with the last token",
        arguments: DatabaseEngine.allCases
    )
    func replicas(engine: DatabaseEngine) async throws {
        try await withAccounts(on: engine) { test in
            let tokens = try await test.login()
            let login = try #require(try await test.person(tokens.accessToken).login)
            let now = test.time.now
            // As another gateway does it, of which this one is not told.
            _ = try await test.database.write { try $0.end(login: login.rawValue, now: now) }
            #expect(try await test.takes(tokens.accessToken))
            try await test.feed.refresh()
            #expect(try await !test.takes(tokens.accessToken))
            #expect(test.feed.current.endedLogins == [login])
            test.time.advance(by: .seconds(359))
            try await test.feed.refresh()
            #expect(test.feed.current.endedLogins == [login])
            test.time.advance(by: .seconds(1))
            try await test.feed.refresh()
            #expect(test.feed.current.endedLogins.isEmpty)
        }
    }

    @Test("ends the streams of a sign-in with it, and no others", arguments: [true, false])
    func streams(isEnded: Bool) async throws {
        try await withAccounts { test in
            let (one, other) = (try await test.login(), try await test.login())
            let admin = try await test.join("al@example.org", as: .viewer, one.accessToken)
            let person = try await test.person(isEnded ? one.accessToken : admin.accessToken)
            let gate = Gate()
            let endless = RPCStreamBody { sink in
                try await sink.send(line: [0x31])
                gate.open()
                await untilCancelled()
                throw CancellationError()
            }
            let stream = test.feed.ending(endless, with: person)
            let sink = LineCollector()
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await stream.run(sink) }
                await gate.wait()
                _ = try await test.call(.logout, RefreshToken(refreshToken: other.refreshToken))
                #expect(sink.lines.count == 1)
                if isEnded {
                    _ = try await test.call(.logout, RefreshToken(refreshToken: one.refreshToken))
                } else {
                    _ = try await test.call(.updateMember, MemberChange(id: person.id, role: .editor), one.accessToken)
                }
                try await group.waitForAll()
            }
            let last = try #require(sink.lines.last)
            #expect(try JSONValue(json: last)["params"]?["code"] == -32_002)
        }
    }
}

private final class LineCollector: RPCLineSink {
    private let collected = Mutex<[[UInt8]]>([])

    var lines: [[UInt8]] { collected.withLock { $0 } }

    func send(line: [UInt8]) async throws { collected.withLock { $0.append(line) } }
}
