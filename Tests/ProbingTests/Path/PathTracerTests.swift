import Contracts
import EventLoop
import Simulation
import Testing

@testable import Probing

@Suite("PathTracer, in a simulated network")
struct PathTracerTests {
    static let line = """
        seed 3
        vantage here 10.0.0.2 fd00::2
        router r1 10.0.0.1 fd00::1
        router r2 10.0.1.1 fd01::1 silent
        router r3 10.0.2.1 fd02::1 notices=1/s
        router r4 10.0.3.1 fd03::1
        host web 10.0.4.10 fd04::10 tcp:443
        link here r1 latency 1ms
        link r1 r2 latency 2ms
        link r2 r3 latency 3ms
        link r3 r4 latency 4ms
        link r4 web latency 5ms
        """

    @Test("finds the hops that were dealt", arguments: TraceMode.allCases, [false, true])
    func hops(mode: TraceMode, isV6: Bool) throws {
        let paths = try SimulatedPaths(Self.line)
        let trace = try paths.trace("web", isV6: isV6, .test(mode))
        #expect(trace.isReached)
        #expect(trace.hopsToTarget == 5)
        #expect(paths.names(trace.flows[0]) == ["r1", "-", "r3", "r4", "web"])
        let target = try #require(paths.address("web", isV6: isV6))
        #expect(paths.dealtWays(to: target) == [["r1", "r2", "r3", "r4", "web"]])
        #expect(trace.timeSource == .simulation)
        #expect(trace.hops.map { $0.times?.least } == [2, nil, 12, 20, 30])
        #expect(trace.hops.map(\.sent) == [1, 1, 1, 1, 1])
    }

    @Test("reports each hop's times and losses over many packets", arguments: TraceMode.allCases)
    func statistics(mode: TraceMode) throws {
        let paths = try SimulatedPaths(Self.line.replacing("latency 1ms", with: "latency 1ms..2ms loss 10%"))
        let trace = try paths.trace("web", .test(mode) { $0.packetsPerHop = 50 })
        #expect(trace.hops.count == 5)
        for hop in trace.hops {
            #expect(hop.sent == 50)
            if let times = hop.times {
                #expect(times.least <= times.mean && times.mean <= times.most && times.jitter > 0)
                #expect((times.least...times.most).contains(times.last))
            } else {
                #expect(hop.number == 2)
            }
        }
        // A packet for the first hop crosses the one link that loses any, and so does the answer.
        let target = try #require(paths.address("web", isV6: false))
        let answers = paths.fates.filter { $0.source != target && $0.source.description != "10.0.0.2" }
        let first = answers.filter { $0.source.description == "10.0.0.1" && $0.outcome == .delivered }.count
        #expect(trace.hops[0].received == first)
        let web = paths.fates.filter { $0.source == target && $0.outcome == .delivered }.count
        #expect(trace.hops[4].received <= web && trace.hops[4].received >= 50 * 6 / 10)
        // One notice a second, while twenty packets a second come by.
        #expect(trace.hops[2].received < 30)
    }

    @Test("takes about one timeout, however many routers are silent")
    func duration() throws {
        var text = "vantage here 10.0.0.2\nhost web 10.9.0.1 silent\n"
        var last = "here"
        for index in 1...28 {
            text += "router r\(index) 10.1.\(index).1\(index > 5 ? " silent" : "")\nlink \(last) r\(index)\n"
            last = "r\(index)"
        }
        text += "link \(last) web"
        for mode in TraceMode.allCases {
            let paths = try SimulatedPaths(text)
            let trace = try paths.trace("web", .test(mode) { ($0.gap, $0.hopTimeout) = (.zero, .seconds(1)) })
            #expect(!trace.isReached)
            #expect(trace.hops.count == 5)
            #expect(trace.sent == 30)
            #expect(paths.network.now < 1_700_000_000)
        }
    }

    @Test("asks no more hops beyond the target than its window has")
    func overshoot() throws {
        let paths = try SimulatedPaths(Self.line)
        let trace = try paths.trace("web", .test(.udp) { ($0.gap, $0.packetsPerHop) = (.zero, 10) })
        #expect(trace.sent <= 50 + 8)
        #expect(trace.hops.count == 5)
        let informed = try paths.trace("web", .test(.udp) { ($0.gap, $0.expectedHops, $0.window) = (.zero, 5, 1) })
        // Another is asked for while the answer takes longer than the pace.
        #expect(informed.sent <= 7)
    }

    @Test("tells who says that there is no way on")
    func refusal() throws {
        let paths = try SimulatedPaths(Self.line.replacing("link r4 web latency 5ms", with: ""))
        let trace = try paths.trace("web", .test(.icmp))
        #expect(trace.flows[0].ending == .refused(type: 3, code: 0))
        #expect(trace.hops.last?.addresses.count == 1)
    }

    @Test("keeps what comes for nothing that is under way apart")
    func strays() throws {
        var tracer = PathTracer(.test(.icmp))
        guard case .send(let packet) = tracer.step(at: 0) else {
            Issue.record("nothing to send")
            return
        }
        let target = try #require(IPAddress("10.0.0.9"))
        let answer = TraceAnswer(meaning: .transit, sender: target, roundTripNanoseconds: 5, timeSource: .user)
        let taken = [packet.number &+ 7, packet.number, packet.number].map { tracer.take(answer, to: $0) }
        #expect(taken == [false, true, false])
        #expect(tracer.strays == 2)
        #expect(tracer.trace(of: target).hops.map(\.received) == [1])
    }
}
