import Contracts
import EventLoop
import Simulation
import Testing

@testable import Probing

@Suite("Routes")
struct RouteTests {
    /// Eight ways of the same length, over links that lose some, with routers that are silent or seldom answer.
    static let fan: String = {
        var text = """
            seed 9
            vantage here 10.0.0.2 fd00::2
            router a 10.0.0.1 fd00::1
            router z 10.8.0.1 fd08::1
            host web 10.9.0.10 fd09::10 tcp:443
            link here a latency 1ms
            link z web latency 1ms loss 1%

            """
        for way in 1...8 {
            let manner = way == 3 ? "silent" : way == 5 ? "notices=1/s" : ""
            text += """
                router b\(way) 10.1.\(way).1 fd01::\(way) \(manner)
                router c\(way) 10.2.\(way).1 fd02::\(way)
                link a b\(way) latency 5ms~1ms cost 10 loss 2%
                link b\(way) c\(way) latency 3ms cost 10
                link c\(way) z latency 2ms..4ms cost 10

                """
        }
        return text
    }()

    @Test(
        "stay the same for an hour of eight equal ways, with losses",
        arguments: [(TraceMode.icmp, false), (.udp, false), (.tcp, false), (.icmp, true)]
    )
    func stable(mode: TraceMode, isV6: Bool) throws {
        let paths = try SimulatedPaths(Self.fan)
        var memory = RouteMemory()
        var ways = Set<[String]>()
        var traces = 0
        while paths.network.now < 3_600_000_000_000 {
            let due = UInt64(traces) * 5_000_000_000
            if due > paths.network.now { paths.network.run(until: due) }
            let trace = try paths.trace("web", isV6: isV6, .test(mode) { ($0.flows, $0.gap) = (8, .milliseconds(5)) })
            let changes = memory.learn(trace)
            #expect(changes == [])
            for flow in trace.flows where flow.ending == .reached && !flow.path.contains(nil) {
                ways.insert(paths.names(flow))
            }
            traces += 1
        }
        #expect(traces >= 720)
        #expect(memory.changes == 0)
        // Each flow goes one way, and every way that was seen is one that was dealt.
        let target = try #require(paths.address("web", isV6: isV6))
        #expect(ways.count > 1 && ways.count <= 8)
        #expect(ways.isSubset(of: paths.dealtWays(to: target)))
    }

    @Test("change when a link goes down, and only those that lead over it", arguments: TraceMode.allCases)
    func change(mode: TraceMode) throws {
        let text = Self.fan + (1...4).map { "fault a b\($0) down from 60s to 120s\n" }.joined()
        let paths = try SimulatedPaths(text)
        var memory = RouteMemory()
        var changes: [(second: UInt64, change: RouteMemory.Change)] = []
        for second in stride(from: UInt64(0), to: 180, by: 5) {
            paths.network.run(until: second * 1_000_000_000)
            let trace = try paths.trace("web", .test(mode) { ($0.flows, $0.gap, $0.packetsPerHop) = (16, .zero, 3) })
            changes += memory.learn(trace).map { (second, $0) }
        }
        let times = Set(changes.map(\.second))
        #expect(!changes.isEmpty)
        #expect(times.isSubset(of: [60, 65, 70, 120, 125, 130]))
        #expect(changes.allSatisfy { $0.change.hop == 2 || $0.change.hop == 3 })
    }

    @Test("have fingerprints that agree whatever is missing, and can be written down")
    func fingerprints() throws {
        let hops = try (1...5).map { try #require(IPAddress("10.0.0.\($0)")) }
        func print(_ path: [Int?], _ ending: PathTrace.Ending = .reached) -> PathFingerprint {
            PathFingerprint(PathTrace.Flow(path: path.map { $0.map { hops[$0] } }, ending: ending))
        }
        let whole = print([0, 1, 2, 3])
        #expect(whole.difference(from: print([0, nil, 2, 3])) == nil)
        #expect(whole.difference(from: print([nil, nil, nil, nil, 3])) == nil)
        #expect(whole.difference(from: print([0, 1], .silent)) == nil)
        #expect(whole.difference(from: print([0, 4, 2, 3])) == 2)
        #expect(whole.difference(from: print([0, 1, 2, 4, 3])) == 4)
        #expect(whole.difference(from: print([0, 1, 3])) == 3)
        #expect(PathFingerprint(whole.description) == whole)
        let open = print([0, nil, 2], .silent)
        #expect(PathFingerprint(open.description) == open)
        #expect(open.description.count == 12)
        for text in ["12", "zzzz", "12345$", "$$", "+123"] { #expect(PathFingerprint(text) == nil, "\(text)") }
        var learned = open
        learned.learn(print([0, 1, nil, 3]))
        #expect(learned == whole)
    }

    @Test("that change with every packet are no changes of the route")
    func unsteady() throws {
        let hops = try (1...5).map { try #require(IPAddress("10.0.0.\($0)")) }
        var memory = RouteMemory()
        func trace(_ middle: Int, unsteady: Bool) -> PathTrace {
            let flow = PathTrace.Flow(
                path: [hops[0], hops[middle], hops[4]],
                unsteadyHops: unsteady ? [2] : [],
                ending: .reached
            )
            return PathTrace(target: hops[4], mode: .icmp, hops: [], flows: [flow], sent: 3)
        }
        for (middle, unsteady) in [(1, true), (2, false), (3, false)] {
            let changes = memory.learn(trace(middle, unsteady: unsteady))
            #expect(changes == [])
        }
    }
}
