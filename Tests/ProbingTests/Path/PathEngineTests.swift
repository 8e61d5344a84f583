import Contracts
import EventLoop
import Simulation
import Testing

@testable import Probing

@Suite("PathEngine", .enabled(if: NetworkLoop.isPossible), .timeLimit(.minutes(2)))
struct PathEngineTests {
    private struct Found: Sendable {
        var trace: PathTrace
        var names: [[String]]
        /// The ways that packets really took to the target.
        var dealt: Set<[String]>
    }

    private func trace(
        _ text: String,
        _ name: String = "web",
        isV6: Bool = false,
        times: Int = 1,
        _ options: TraceOptions
    ) async throws -> [Found] {
        try await CarriedPaths.run(text) { paths, loop in
            let engine = PathEngine(on: loop)
            defer { engine.close() }
            let target = try #require(paths.address(name, isV6: isV6))
            var all: [Found] = []
            for _ in 0..<times {
                let trace = try await engine.trace(target, options)
                let dealt = paths.fates.filter { $0.destination == target && $0.outcome == .delivered }
                all.append(
                    Found(
                        trace: trace,
                        names: trace.flows.map { $0.path.map(paths.name) },
                        dealt: Set(dealt.map { Array($0.path.dropFirst()) })
                    )
                )
            }
            return all
        }
    }

    @Test("finds the hops that were dealt, with the kernel's times", arguments: TraceMode.allCases, [false, true])
    func hops(mode: TraceMode, isV6: Bool) async throws {
        let options = TraceOptions.test(mode) { ($0.gap, $0.packetsPerHop) = (.milliseconds(1), 2) }
        let found = try #require(try await trace(PathTracerTests.line, isV6: isV6, options).first)
        #expect(found.names == [["r1", "-", "r3", "r4", "web"]])
        #expect(found.dealt == [["r1", "r2", "r3", "r4", "web"]])
        #expect(found.trace.isReached)
        for (hop, least) in zip(found.trace.hops, [2.0, 0, 12, 20, 30]) {
            if let times = hop.times { #expect(times.least >= least) }
        }
        if mode == .icmp { #expect((found.trace.timeSource ?? .user) <= .kernelReceive) }
    }

    @Test("finds a port open or closed at the end of the way", arguments: [443, 444], [false, true])
    func ports(port: UInt16, isV6: Bool) async throws {
        let options = TraceOptions.test(.tcp) { $0.port = port }
        let found = try #require(try await trace(PathTracerTests.line, isV6: isV6, options).first)
        #expect(found.names == [["r1", "-", "r3", "r4", "web"]])
    }

    @Test("makes do with routers that quote eight bytes", arguments: TraceMode.allCases, [0, 25])
    func shortQuotes(mode: TraceMode, gap: Int) async throws {
        let text = (1...4).reduce(PathTracerTests.line) { text, number in
            text.replacing("router r\(number) ", with: "router r\(number) quotes=8 ")
        }.replacing("notices=1/s", with: "")
        let options = TraceOptions.test(mode) { options in
            (options.gap, options.packetsPerHop) = (.milliseconds(gap), 2)
            (options.hopTimeout, options.patience) = (.seconds(1), .seconds(1))
        }
        let found = try #require(try await trace(text, "web", options).first)
        #expect(found.names == [["r1", "-", "r3", "r4", "web"]])
        #expect(found.trace.hops.map(\.received) == [2, 0, 2, 2, 2])
        #expect(found.trace.hops.map(\.sent) == [2, 2, 2, 2, 2])
    }

    @Test("keeps each flow on its way, and sees more than one way", arguments: TraceMode.allCases, [false, true])
    func ecmp(mode: TraceMode, isV6: Bool) async throws {
        let text = RouteTests.fan.replacing(" loss 2%", with: "").replacing(" loss 1%", with: "")
        let options = TraceOptions.test(mode) { ($0.flows, $0.gap) = (8, .zero) }
        let found = try await trace(text, isV6: isV6, times: 3, options)
        var memory = RouteMemory()
        for one in found {
            let changes = memory.learn(one.trace)
            #expect(changes == [])
            #expect(one.trace.flows.allSatisfy { $0.ending == .reached && $0.unsteadyHops.isEmpty })
            let whole = Set(one.names.filter { !$0.contains("-") })
            #expect(whole.count > 1)
            #expect(whole.isSubset(of: one.dealt))
        }
    }

    @Test("says what keeps it from sending", arguments: TraceMode.allCases)
    func unreachable(mode: TraceMode) async throws {
        let loop = try await NetworkNamespace.loop(named: "network")
        defer { loop.stop() }
        let error = await withTaskExecutorPreference(loop) {
            let engine = PathEngine(on: loop)
            defer { engine.close() }
            return await #expect(throws: ProbingError.self) {
                try await engine.trace(IPAddress(v4: 0xc000_0201), TraceOptions(mode))
            }
        }
        #expect(error?.code == .system)
    }

    @Test("traces one target many times at once")
    func concurrent() async throws {
        let count = 20
        let names = try await CarriedPaths.run(PathTracerTests.line) { paths, loop in
            let engine = LoopBound(PathEngine(on: loop), on: loop)
            defer { engine.value.close() }
            let target = try #require(paths.address("web"))
            let traces = try await withThrowingTaskGroup(of: PathTrace.self) { group in
                for index in 0..<count {
                    group.addTask {
                        try await engine.value.trace(target, .test(TraceMode.allCases[index % 3]) { $0.gap = .zero })
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(engine.value.underWay == 0)
            return traces.map { $0.flows[0].path.map(paths.name) }
        }
        #expect(names.count == count)
        for name in names { #expect(name.first == "r1" && name.last == "web" && name.count == 5) }
    }

    @Test("finds no other ways because it traces one target twice at once", arguments: TraceMode.allCases)
    func together(mode: TraceMode) async throws {
        let text = RouteTests.fan.replacing(" loss 2%", with: "").replacing(" loss 1%", with: "")
        let options = TraceOptions.test(mode) { ($0.flows, $0.gap) = (4, .zero) }
        let changes = try await CarriedPaths.run(text) { paths, loop in
            let engine = LoopBound(PathEngine(on: loop), on: loop)
            defer { engine.value.close() }
            let target = try #require(paths.address("web"))
            return try await withThrowingTaskGroup(of: Int.self) { group in
                for _ in 0..<4 { group.addTask { try await engine.value.follow(target, options).changes.count } }
                return try await group.reduce(0, +)
            }
        }
        #expect(changes == 0)
    }

    @Test("says which setting keeps it from pinging, and does without")
    func permission() async throws {
        let network = try await NetworkLoop()
        try await network.set("net/ipv4/ping_group_range", to: "1 0")
        try await withTaskExecutorPreference(network.loop) {
            let engine = PathEngine(on: network.loop)
            defer { engine.close() }
            let error = await #expect(throws: ProbingError.self) {
                try await engine.trace(.loopback, TraceOptions(.icmp))
            }
            #expect(error?.code == .permission)
            #expect(error?.description.contains("net.ipv4.ping_group_range") == true)
            for mode in [TraceMode.udp, .tcp] {
                let trace = try await engine.trace(.loopback, TraceOptions(mode))
                #expect(trace.hopsToTarget == 1)
            }
        }
    }

    @Test("ends with what it knows when it is cancelled")
    func cancel() async throws {
        let trace = try await CarriedPaths.run(PathTracerTests.line) { paths, loop in
            let engine = LoopBound(PathEngine(on: loop), on: loop)
            defer { engine.value.close() }
            let target = try #require(paths.address("web"))
            return try await withThrowingTaskGroup(of: PathTrace.self) { group in
                group.addTask {
                    try await engine.value.trace(target, .test(.icmp) { $0.hopTimeout = .seconds(60) })
                }
                group.cancelAll()
                return try await group.next()
            }
        }
        #expect(trace?.isReached == false)
    }
}
