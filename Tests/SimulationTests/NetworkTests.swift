import EventLoop
import Observability
import Testing

@testable import Simulation

/// The vantage point, two routers in a row, and a host.
private let road = """
    vantage here 10.0.0.2 fd00::2
    router r1 10.0.0.1 fd00::1
    router r2 10.0.1.1 fd00:1::1
    host web 10.0.2.10 fd00:2::10 udp:7=echo tcp:80 tcp:22=filtered
    link here r1 latency 1ms
    link r1 r2 latency 10ms
    link r2 web latency 2ms
    """

@Suite("A simulated network")
struct NetworkTests {
    @Test(
        "answers an echo request after the way there and back",
        arguments: [("10.0.0.2", "10.0.2.10"), ("fd00::2", "fd00:2::10")]
    )
    func echo(source: String, destination: String) throws {
        let observer = try Observer(road)
        observer.send(.echo(source, destination, sequence: 7))
        let reply = try #require(observer.received.first)
        #expect(reply.time == 26_000_000)
        #expect(reply.packet.payload.first == (reply.packet.version == 4 ? 0 : 129))
        #expect(reply.packet.bytes.word(at: reply.packet.payloadStart + 6) == 7)
        #expect(reply.packet.isSound)
        #expect(observer.fates.map(\.path) == [["here", "r1", "r2", "web"], ["web", "r2", "r1", "here"]])
        #expect(observer.fates.map(\.cause) == [nil, 1])
        #expect(observer.outcomes == [.delivered, .delivered])
    }

    @Test("tells the way hop by hop", arguments: [("10.0.0.2", "10.0.2.10"), ("fd00::2", "fd00:2::10")])
    func hops(source: String, destination: String) throws {
        let observer = try Observer(road)
        for limit in 1...3 { observer.send(.echo(source, destination, hopLimit: UInt8(limit))) }
        let isV4 = source == "10.0.0.2"
        #expect(
            observer.received.map(\.packet.source.description)
                == (isV4 ? ["10.0.0.1", "10.0.1.1", "10.0.2.10"] : ["fd00::1", "fd00:1::1", "fd00:2::10"])
        )
        #expect(observer.types == (isV4 ? [11, 11, 0] : [3, 3, 129]))
        // The notice carries the packet that it is about, with the hop limit that it had.
        #expect(observer.received.map(\.packet.isSound) == [true, true, true])
        let notice = observer.received[0].packet
        let about = Array(notice.payload.dropFirst(8))
        #expect(IPPacket(about)?.destination.description == destination)
    }

    @Test("has routers that say nothing")
    func silent() throws {
        let observer = try Observer(road.replacing("r1 10.0.0.1 fd00::1", with: "r1 10.0.0.1 silent"))
        observer.send(.echo("10.0.0.2", "10.0.2.10", hopLimit: 1), .echo("10.0.0.2", "10.0.0.1"))
        #expect(observer.received.isEmpty)
        #expect(observer.outcomes == [.expired, .delivered])
    }

    @Test("has routers that tell of dropped packets only so often")
    func limited() throws {
        let observer = try Observer(road.replacing("r1 10.0.0.1 fd00::1", with: "r1 10.0.0.1 notices=5/s"))
        for index in 0..<300 {
            let packet = IPPacket.echo("10.0.0.2", "10.0.2.10", sequence: index, hopLimit: 1)
            observer.network.run(until: UInt64(index) * 10_000_000)
            observer.network.send(packet.bytes, from: "here")
        }
        observer.finish()
        // Five at once, and five in each of the three seconds.
        #expect((19...20).contains(observer.received.count))
        #expect(observer.outcomes.filter { $0 == .expired }.count == 300)
        // What is for itself it answers as before.
        observer.send(.echo("10.0.0.2", "10.0.0.1"))
        #expect(observer.types.last == 0)
    }

    @Test("says what has no way, and no port")
    func unreachable() throws {
        let observer = try Observer(road)
        observer.send(.echo("10.0.0.2", "192.0.2.1"), .udp("10.0.0.2", "10.0.2.10", from: 4_000, to: 9))
        #expect(observer.outcomes.first == .noRoute)
        #expect(observer.types == [3, 3])
        #expect(observer.received.map { $0.packet.payload.dropFirst().first } == [0, 3])
    }

    @Test("sends a datagram back from an echo port", arguments: [("10.0.0.2", "10.0.2.10"), ("fd00::2", "fd00:2::10")])
    func udp(source: String, destination: String) throws {
        let observer = try Observer(road)
        observer.send(.udp(source, destination, from: 4_000, to: 7, data: Array("hello".utf8)))
        let answer = try #require(observer.received.first?.packet)
        let ports = try #require(Ports(answer))
        #expect((ports.source, ports.destination) == (7, 4_000))
        #expect(Array(answer.payload.dropFirst(8)) == Array("hello".utf8))
        #expect(answer.isSound)
    }

    @Test("throws away at the destination what was damaged, and answers whole packets as they came")
    func soundness() throws {
        let observer = try Observer(road)
        var broken = IPPacket.echo("10.0.0.2", "10.0.2.10").bytes
        broken[40] ^= 1
        observer.network.send(broken, from: "here")
        observer.send(.udp("10.0.0.2", "10.0.2.10", from: 4_000, to: 7))
        #expect(observer.outcomes.contains(.corrupt))
        #expect(observer.received.map(\.packet.protocolNumber) == [17])
        #expect(observer.received.map(\.packet.mayNotBeFragmented) == [true])
        // Fragments are put together by nobody, so nobody answers them.
        var fragment = IPPacket.udp("10.0.0.2", "10.0.2.10", from: 4_000, to: 7).bytes
        fragment[6] = 0x20
        fragment.setWord(0, at: 10)
        fragment.setWord(internetChecksum(fragment[..<20]), at: 10)
        observer.network.send(fragment, from: "here")
        observer.finish()
        #expect(observer.received.count == 1)
    }

    @Test("filters the ports of one protocol alone")
    func filters() throws {
        let observer = try Observer(
            "vantage here 10.0.0.2\nhost ns 10.0.0.53 udp:53=echo tcp:53=filtered\nlink here ns"
        )
        observer.send(.udp("10.0.0.2", "10.0.0.53", from: 4_000, to: 53))
        #expect(observer.received.count == 1)
    }

    @Test("drops what is too big, and says how big it may be")
    func mtu() throws {
        let observer = try Observer(road.replacing("r1 r2 latency 10ms", with: "r1 r2 latency 10ms mtu 1400"))
        observer.send(.echo("10.0.0.2", "10.0.2.10", bytes: 1_372), .echo("10.0.0.2", "10.0.2.10", bytes: 1_373))
        observer.send(.echo("fd00::2", "fd00:2::10", bytes: 1_353))
        #expect(Set(observer.types) == [0, 3, 2])
        let notices = observer.received.map(\.packet).filter { $0.payload.first == 3 || $0.payload.first == 2 }
        #expect(notices.map { $0.bytes.word(at: $0.payloadStart + 6) } == [1_400, 1_400])
        #expect(observer.outcomes.filter { $0 == .tooBig }.count == 2)
    }

    @Test("loses, doubles and delays what it was told to, and says so")
    func chances() throws {
        let observer = try Observer(
            """
            seed 3
            vantage here 10.0.0.2
            host web 10.0.2.10
            link here web latency 10ms~1ms loss 5% duplicate 2% reorder 1%+50ms
            """
        )
        let count = 10_000
        for index in 0..<count {
            observer.network.send(IPPacket.echo("10.0.0.2", "10.0.2.10", sequence: index).bytes, from: "here")
            observer.network.run(until: UInt64(index + 1) * 100_000)
        }
        observer.finish()
        let there = observer.fates.filter { $0.source.description == "10.0.0.2" }
        let lost = there.filter { $0.outcome == .lost }.count
        #expect((430...570).contains(lost))
        #expect((150...250).contains(there.filter(\.isCopy).count))
        let late = there.filter { $0.outcome == .delivered && $0.endedAt - $0.sentAt > 40_000_000 }.count
        #expect((60...140).contains(late))
        // Each packet has one fate, and each copy.
        #expect(there.filter { !$0.isCopy }.count == count)
        #expect(Set(there.filter { !$0.isCopy }.map(\.number)).count == count)
        #expect(observer.received.count == observer.fates.filter { $0.outcome == .delivered && $0.cause != nil }.count)
    }

    @Test("keeps the order of a flow's packets, and holds up no other flow for it")
    func order() throws {
        let observer = try Observer(
            """
            vantage here 10.0.0.2
            host web 10.0.2.10 udp:7=echo
            link here web latency 1ms..100ms
            """
        )
        for index in 0..<100 {
            let packet = IPPacket.udp("10.0.0.2", "10.0.2.10", from: 4_000, to: 7, data: [UInt8(index)])
            observer.network.send(packet.bytes, from: "here")
            observer.network.send(IPPacket.echo("10.0.0.2", "10.0.2.10", sequence: index).bytes, from: "here")
        }
        observer.finish()
        let datagrams = observer.received.map(\.packet).filter { $0.protocolNumber == IPPacket.Number.udp }
        #expect(datagrams.map { Int($0.datagram[0]) } == Array(0..<100))
        let echoes = observer.received.map(\.packet).filter { $0.protocolNumber == IPPacket.Number.icmp }
        #expect(echoes.map { $0.bytes.word(at: 26) } != Array(0..<100))
    }

    @Test("lets packets wait for their turn on a slow link, and drops them when too many do")
    func rate() throws {
        let observer = try Observer(
            "vantage here 10.0.0.2\nhost web 10.0.2.10\nlink here web latency 1ms rate 1Mbit queue 10ms"
        )
        // 84 bytes take 672 us each: 15 begin within the 10 ms.
        for index in 0..<20 {
            observer.network.send(IPPacket.echo("10.0.0.2", "10.0.2.10", sequence: index).bytes, from: "here")
        }
        observer.finish()
        #expect(observer.outcomes.filter { $0 == .queueFull }.count == 5)
        let arrivals = observer.fates.filter { $0.cause == nil && $0.outcome == .delivered }.map(\.endedAt)
        #expect(arrivals == (1...15).map { UInt64($0) * 672_000 + 1_000_000 })
    }

    @Test("is the same twice with one seed, and another with another")
    func repeatable() throws {
        func fates(seed: Int) throws -> [PacketFate] {
            let observer = try Observer(
                "seed \(seed)\n"
                    + road.replacing("latency 10ms", with: "latency 10ms+1ms loss 2% duplicate 1% reorder 1%+9ms")
            )
            for index in 0..<500 {
                observer.network.send(IPPacket.echo("10.0.0.2", "10.0.2.10", sequence: index).bytes, from: "here")
                observer.network.run(until: UInt64(index) * 1_000_000)
            }
            observer.finish()
            return observer.fates
        }
        #expect(try fates(seed: 1) == fates(seed: 1))
        #expect(try fates(seed: 1) != fates(seed: 2))
    }
}

@Suite("A simulated network's ways")
struct WayTests {
    /// Eight routers side by side, all equally near.
    private static let fan =
        "vantage here 10.0.0.2\nrouter in 10.0.0.1\nrouter out 10.0.9.1\nhost web 10.0.9.2\nlink here in\nlink out web\n"
        + (1...8).map { "router m\($0) 10.0.1.\($0)\nlink in m\($0)\nlink m\($0) out\n" }.joined()

    @Test("spread flows over equal ones, and keep each flow on its own")
    func equalCost() throws {
        let observer = try Observer(Self.fan)
        for port in 0..<800 {
            for _ in 0..<2 { observer.send(.udp("10.0.0.2", "10.0.9.2", from: 20_000 + port, to: 33_434)) }
        }
        let ways = observer.fates.filter { $0.cause == nil }.map { $0.path[2] }
        for flow in stride(from: 0, to: ways.count, by: 2) { #expect(ways[flow] == ways[flow + 1]) }
        let counts = Dictionary(grouping: ways) { $0 }.mapValues(\.count)
        #expect(counts.count == 8)
        #expect(counts.values.allSatisfy { (120...290).contains($0) })
    }

    private static let ring = """
        vantage here 10.0.0.2
        router a 10.0.0.1
        router b 10.0.1.1
        router c 10.0.2.1
        host web 10.0.3.1
        link here a latency 1ms
        link a b latency 1ms
        link a c latency 5ms
        link b web latency 1ms
        link c web latency 5ms
        """

    @Test(
        "lead around what is down, and back when it is up",
        arguments: ["fault a b down from 10s to 20s", "fault b down from 10s to 20s"]
    )
    func detour(fault: String) throws {
        let observer = try Observer("\(Self.ring)\n\(fault)")
        for second in [5, 15, 25] {
            observer.network.run(until: UInt64(second) * 1_000_000_000)
            observer.network.send(IPPacket.echo("10.0.0.2", "10.0.3.1").bytes, from: "here")
        }
        observer.finish()
        let paths = observer.fates.filter { $0.cause == nil }.map { $0.path[2] }
        #expect(paths == ["b", "c", "b"])
        #expect(observer.received.count == 3)
    }

    @Test("lose and delay more while a fault says so, for one IP version if it says so")
    func impaired() throws {
        let observer = try Observer(
            """
            vantage here 10.0.0.2 fd00::2
            host web 10.0.3.1 fd00::3
            link here web latency 1ms
            fault here web loss 100% ipv6 from 10s to 20s
            fault here web latency 70ms ipv4 from 10s to 20s
            """
        )
        for second in [5, 15, 25] {
            observer.network.run(until: UInt64(second) * 1_000_000_000)
            observer.network.send(IPPacket.echo("10.0.0.2", "10.0.3.1").bytes, from: "here")
            observer.network.send(IPPacket.echo("fd00::2", "fd00::3").bytes, from: "here")
        }
        observer.finish()
        let lost = observer.fates.filter { $0.outcome == .lost }
        #expect(lost.map(\.source.description) == ["fd00::2"])
        #expect(lost.map(\.sentAt) == [15_000_000_000])
        let times = observer.fates.filter { $0.source.description == "10.0.0.2" }.map { $0.endedAt - $0.sentAt }
        #expect(times == [1_000_000, 71_000_000, 1_000_000])
    }

    @Test("lead through routers alone")
    func hostsForwardNothing() throws {
        let observer = try Observer(
            """
            vantage here 10.0.0.2
            router r1 10.0.0.1
            host web 10.0.0.3
            router r2 10.0.0.4
            host far 10.0.0.5
            link here r1
            link r1 web latency 0.1ms
            link web r2 latency 0.1ms
            link r1 r2 latency 50ms
            link r2 far
            """
        )
        observer.send(.echo("10.0.0.2", "10.0.0.5"), .echo("10.0.0.2", "10.0.0.3"))
        #expect(observer.received.count == 2)
        #expect(observer.fates.filter { $0.cause == nil }.map(\.path.count).sorted() == [3, 4])
    }

    @Test("hold up one IP version for nothing that befalls the other")
    func versions() throws {
        let observer = try Observer(
            """
            vantage here 10.0.0.2 fd00::2
            host web 10.0.3.1 fd00::3
            link here web latency 1ms
            fault here web latency 70ms ipv6 from 0s to 20s
            """
        )
        observer.send(.echo("fd00::2", "fd00::3"), .echo("10.0.0.2", "10.0.3.1"))
        let times = observer.fates.filter { $0.source.isV4 }.map { $0.endedAt - $0.sentAt }
        #expect(times == [1_000_000, 1_000_000])
    }

    @Test("come to an end though services answer each other, and themselves")
    func loops() throws {
        let observer = try Observer(
            "vantage here 10.0.0.2\nhost a 10.0.0.3 udp:7=echo tcp:80 http:81\nhost b 10.0.0.4 udp:7=echo tcp:80 http:81\n"
                + "link here a\nlink here b\nlink a b"
        )
        for (source, destination) in [("10.0.0.3", "10.0.0.3"), ("10.0.0.3", "10.0.0.4")] {
            let flow = { (port: UInt16) in
                TCPFlow(
                    local: IPPacket.address(source),
                    remote: IPPacket.address(destination),
                    localPort: port,
                    remotePort: port
                )
            }
            observer.network.send(IPPacket.udp(source, destination, from: 7, to: 7).bytes, from: "a")
            for port in [80, 81] as [UInt16] {
                let request = TCPSegment(flags: .synchronize, sequence: 1, acknowledged: 0)
                observer.network.send(request.packet(on: flow(port)).bytes, from: "a")
            }
        }
        // Two minutes are more than any connection lives without a word, and few enough to fail in.
        for second in 1...130 where observer.fates.count < 1_000 {
            observer.network.run(until: UInt64(second) * 1_000_000_000)
        }
        #expect(observer.fates.count < 100)
        #expect(observer.network.nextEvent == nil)
    }

    @Test("end at a node that is down")
    func nodeDown() throws {
        let observer = try Observer(
            "vantage here 10.0.0.2\nhost web 10.0.3.1\nlink here web latency 1s\nfault web down from 500ms to 5s"
        )
        observer.send(.echo("10.0.0.2", "10.0.3.1"))
        #expect(observer.outcomes == [.nodeDown])
        #expect(observer.received.isEmpty)
    }

    @Test("are found in a network with loops, and none where there is none")
    func routes() {
        // 0 - 1 - 3, 0 - 2 - 3, all at cost 1, and 4 alone.
        func edge(_ link: Int, _ neighbour: Int) -> Routes.Edge {
            Routes.Edge(link: link, neighbour: neighbour, cost: 1)
        }
        var routes = Routes(
            [
                [edge(0, 1), edge(1, 2)], [edge(0, 0), edge(2, 3)], [edge(1, 0), edge(3, 3)], [edge(2, 1), edge(3, 2)],
                [],
            ],
            forwards: Array(repeating: true, count: 5)
        )
        #expect(routes.next(from: 0, to: 3).map(\.neighbour) == [1, 2])
        #expect(routes.next(from: 1, to: 3).map(\.neighbour) == [3])
        #expect(routes.next(from: 3, to: 3).isEmpty)
        #expect(routes.next(from: 0, to: 4).isEmpty)
        #expect(routes.next(from: 4, to: 0).isEmpty)
    }
}
