import EventLoop
import Simulation
import Testing

@testable import Probing

@Suite("UDPEngine", .enabled(if: NetworkLoop.isPossible), .timeLimit(.minutes(2)))
struct UDPEngineTests {
    struct Truth: Sendable {
        /// Requests and answers that a link lost, and the copies that links made.
        var lostForward: Int
        var lostBackward: Int
        var copiesForward: Int
        var copiesBackward: Int

        init(_ fates: [PacketFate], of target: IPAddress) {
            let udp = fates.filter { $0.protocolNumber == 17 }
            lostForward = udp.count { $0.destination == target && $0.outcome == .lost }
            lostBackward = udp.count { $0.source == target && $0.outcome == .lost }
            copiesForward = udp.count { $0.destination == target && $0.isCopy && $0.outcome == .delivered }
            copiesBackward = udp.count { $0.source == target && $0.isCopy && $0.outcome == .delivered }
        }
    }

    static func network(_ link: String) -> String {
        """
        seed 21
        vantage here 10.0.0.2 fd00::2
        router r1 10.0.0.1 fd00::1
        host web 10.0.4.10 fd04::10 udp:7=echo udp:862=stamp udp:9=filtered
        link here r1 latency 1ms
        link r1 web latency 2ms \(link)
        """
    }

    static func options(_ count: Int, _ change: (inout SeriesOptions) -> Void = { _ in }) -> SeriesOptions {
        var options = SeriesOptions()
        (options.count, options.gap, options.timeout) = (count, .microseconds(100), .seconds(1))
        change(&options)
        return options
    }

    private func echo(
        _ link: String,
        port: UInt16 = 7,
        isV6: Bool = false,
        _ options: SeriesOptions
    ) async throws -> (SeriesResult, Truth) {
        try await CarriedPaths.run(Self.network(link)) { paths, loop in
            let target = try #require(paths.address("web", isV6: isV6))
            let result = try await UDPEngine(on: loop).echo(with: SocketAddress(target, port: port), options)
            paths.close()
            return (result, Truth(paths.fates, of: target))
        }
    }

    @Test("counts the losses that were dealt, 5 % of 10,000", arguments: [false, true])
    func loss(isV6: Bool) async throws {
        let (result, truth) = try await echo("loss 2.532%", isV6: isV6, Self.options(10_000))
        #expect(result.sent == 10_000)
        #expect((4.3...5.7).contains(result.lossPercent))
        #expect(result.lost == truth.lostForward + truth.lostBackward)
        #expect(result.duplicates == 0)
        let times = try #require(result.times)
        #expect(times.least >= 6 && times.jitter >= 0)
        #expect(result.timeSource != .simulation)
    }

    @Test("counts copies and overtaken datagrams as they were dealt")
    func copies() async throws {
        let (result, truth) = try await echo("duplicate 2% reorder 3%+20ms", Self.options(3_000))
        #expect(result.received == 3_000)
        // Each copy of a request is answered, and each copy of an answer comes as well.
        #expect(result.duplicates == truth.copiesForward + truth.copiesBackward)
        #expect((100...260).contains(result.reordered))
        #expect(result.times?.jitter ?? 0 > 0.1)
    }

    @Test("tells a closed port at once, and a silent one after the timeout")
    func refusal() async throws {
        let (closed, _) = try await echo("", port: 5, Self.options(50))
        #expect(closed.received == 0)
        #expect(closed.notice?.isPortUnreachable == true)
        let (silent, _) = try await echo("", port: 9, Self.options(3) { $0.timeout = .milliseconds(50) })
        #expect(silent.lost == 3)
        #expect(silent.notice == nil)
    }

    @Test("sends large datagrams whole or not at all")
    func sizes() async throws {
        let whole = Self.options(5) { ($0.payloadBytes, $0.mayNotBeFragmented) = (1_372, true) }
        #expect(try await echo("mtu 1400", whole).0.received == 5)
        let tooLarge = Self.options(5) { ($0.payloadBytes, $0.mayNotBeFragmented) = (1_373, true) }
        let (result, _) = try await echo("mtu 1400", tooLarge)
        #expect(result.received == 0)
        #expect(result.notice == SeriesResult.Notice(type: 3, code: 4, isPortUnreachable: false))
    }

    @Test("says what keeps it from sending")
    func unreachable() async throws {
        let loop = try await NetworkNamespace.loop(named: "network")
        defer { loop.stop() }
        let target = SocketAddress(IPAddress(v4: 0xc000_0201), port: 7)
        await withTaskExecutorPreference(loop) {
            let error = await #expect(throws: ProbingError.self) { try await UDPEngine(on: loop).echo(with: target) }
            #expect(error?.code == .system)
        }
    }

    @Test("tells which way lost what, and what it cannot tell", arguments: [false, true])
    func stamp(isV6: Bool) async throws {
        let (result, truth) = try await CarriedPaths.run(Self.network("loss 4%")) { paths, loop in
            let target = try #require(paths.address("web", isV6: isV6))
            let reflector = SocketAddress(target, port: 862)
            let result = try await UDPEngine(on: loop).stamp(with: reflector, Self.options(4_000))
            paths.close()
            return (result, Truth(paths.fates, of: target))
        }
        #expect(result.isStateful)
        let (forward, backward) = (try #require(result.forward.lost), try #require(result.backward.lost))
        // Behind the last answer nobody can tell.
        #expect((0...2).contains(result.lostAtTheEnd))
        #expect(forward + backward + result.lostAtTheEnd == truth.lostForward + truth.lostBackward)
        #expect((0...result.lostAtTheEnd).contains(truth.lostForward - forward))
        #expect((0...result.lostAtTheEnd).contains(truth.lostBackward - backward))
        #expect(result.series.times?.least ?? 0 >= 6)
        // Nobody keeps the simulated host's clock right.
        #expect(result.clockError == nil && result.forward.delays == nil && result.backward.delays == nil)
        #expect(result.processing == 0)
    }

    @Test("counts copies by direction")
    func stampCopies() async throws {
        let (result, truth) = try await CarriedPaths.run(Self.network("duplicate 2% reorder 2%+10ms")) { paths, loop in
            let target = try #require(paths.address("web"))
            let reflector = SocketAddress(target, port: 862)
            let result = try await UDPEngine(on: loop).stamp(with: reflector, Self.options(2_000))
            paths.close()
            return (result, Truth(paths.fates, of: target))
        }
        #expect(result.series.received == 2_000)
        #expect(result.forward.lost == 0 && result.backward.lost == 0)
        #expect(result.forward.duplicates == truth.copiesForward)
        #expect(result.series.duplicates == truth.copiesForward + truth.copiesBackward)
        #expect((20...60).contains(result.forward.reordered))
        #expect((20...60).contains(result.backward.reordered))
    }
}
