import EventLoop
import Testing

@testable import Simulation

@Suite("The two directions of a simulated link")
struct DirectionTests {
    private static func network(_ links: String) -> String {
        """
        vantage here 10.0.0.2 fd00::2
        router r1 10.0.0.1 fd00::1
        router r2 10.0.1.1 fd00:1::1
        host web 10.0.2.10 fd00:2::10
        \(links)
        """
    }

    @Test("are as their words say, and the way back as the way there in what it does not say")
    func text() throws {
        let text = "link here r1 latency 10ms rate 100Mbit cost 4 back latency 30ms rate 10Mbit loss 1%"
        let links = try NetworkDescription(text: Self.network(text + "\nlink r1 r2 latency 1ms back cost 9")).links
        #expect(links[0].behaviour.latency == .constant(.milliseconds(10)))
        #expect(links[0].behaviour.loss == 0)
        #expect(links[0].cost == 4)
        #expect(links[0].back?.behaviour.latency == .constant(.milliseconds(30)))
        #expect(links[0].back?.behaviour.rate == 10_000_000)
        #expect(links[0].back?.behaviour.loss == 0.01)
        #expect(links[0].back?.cost == 4)
        #expect(links[1].back == NetworkDescription.Link.Way(behaviour: links[1].behaviour, cost: 9))
        #expect(links[1].cost == nil)
    }

    @Test(
        "are refused where they make no sense",
        arguments: [
            ("link here r1 back latency 1ms back", "line 5: there is but one way back"),
            (
                "link here r1 latency 1ms back colour",
                "line 5: \"colour\" is none of latency, loss, duplicate, reorder, mtu, rate, queue, cost, back"
            ),
            ("link here r1 back latency", "line 5: a latency is missing"),
            ("link here r1 back mtu 1000", "the link of here and r1 is too small for IPv6, which needs 1280 bytes"),
            (
                "link here r1\nfault here r1 one-way down to 1s",
                "line 6: a link that is \"down\" is so both ways; one-way it may have loss 100%"
            ),
            (
                "link here r1\nfault here r1 one-way to 1s",
                "line 6: a link is either \"down\" or has loss or latency"
            ),
            ("fault r1 one-way down to 1s", "line 5: all that befalls a node is \"down\""),
        ]
    )
    func mistakes(text: String, message: String) {
        #expect { try NetworkDescription(text: Self.network(text)) } throws: { "\($0)" == message }
    }

    @Test("take times of their own, and lose by themselves")
    func delays() throws {
        let links = "link here r1 latency 10ms back latency 30ms\nlink web r1 latency 2ms back latency 1ms loss 100%"
        let observer = try Observer(Self.network(links))
        observer.send(.echo("10.0.0.2", "10.0.0.1"), .echo("10.0.0.2", "10.0.2.10"))
        let first = observer.fates.filter { $0.destination == IPPacket.address("10.0.0.1") || $0.cause == 1 }
        #expect(first.map { $0.endedAt - $0.sentAt } == [10_000_000, 30_000_000])
        #expect(observer.fates.map(\.outcome).filter { $0 == .lost }.count == 1)
        #expect(observer.received.count == 1)
    }

    @Test("lead packets there and back by other routers, where costs say so")
    func routes() throws {
        let links = """
            link here r1 latency 1ms cost 1 back cost 10
            link here r2 latency 1ms cost 10 back cost 1
            link r1 web latency 1ms
            link r2 web latency 1ms
            """
        let observer = try Observer(Self.network(links))
        observer.send(.echo("10.0.0.2", "10.0.2.10"), .echo("fd00::2", "fd00:2::10"))
        let there = [["here", "r1", "web"], ["here", "r1", "web"]]
        #expect(observer.fates.filter { $0.cause == nil }.map(\.path) == there)
        #expect(observer.fates.filter { $0.cause != nil }.map(\.path) == there.map { _ in ["web", "r2", "here"] })
    }

    @Test("have costs of their own by their latencies")
    func latencies() throws {
        let links = """
            link r1 here latency 9ms back latency 1ms
            link here r2 latency 8ms
            link r1 web latency 1ms
            link r2 web latency 1ms
            """
        let observer = try Observer(Self.network(links))
        observer.send(.echo("10.0.0.2", "10.0.2.10"))
        #expect(observer.fates.map(\.path) == [["here", "r1", "web"], ["web", "r2", "here"]])
    }

    @Test("take packets of their own sizes, at their own rates")
    func sizes() throws {
        let observer = try Observer(
            Self.network("link here web latency 1ms rate 8Mbit back latency 1ms rate 80kbit mtu 1300")
        )
        observer.send(.echo("10.0.0.2", "10.0.2.10", bytes: 72))
        // 100 bytes take 0.1 ms there, and 10 ms back.
        #expect(observer.fates.map { $0.endedAt - $0.sentAt } == [1_100_000, 11_000_000])
        observer.send(.echo("fd00::2", "fd00:2::10", bytes: 1_400))
        #expect(observer.outcomes.suffix(3).contains(.tooBig))
        #expect(observer.fates.first { $0.outcome == .tooBig }?.path == ["web"])
        #expect(observer.network.linkSize(of: "here") == 1_500)
        #expect(observer.network.linkSize(of: "web") == 1_300)
    }

    @Test("can be hit by a fault one by one", arguments: [("here r1", 1), ("r1 here", 2)])
    func faults(ends: String, lost: Int) throws {
        let links = "link here r1 latency 1ms\nfault \(ends) one-way loss 100% to 1s"
        let observer = try Observer(Self.network(links))
        observer.send(.echo("10.0.0.2", "10.0.0.1"))
        #expect(observer.fates.count == lost)
        #expect(observer.fates.last?.outcome == .lost)
        #expect(observer.fates.last?.path == [lost == 1 ? "here" : "r1"])
    }
}
