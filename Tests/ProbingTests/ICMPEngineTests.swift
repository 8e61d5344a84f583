import EventLoop
import Glibc
import Probing
import Testing

@Suite("ICMPEngine", .enabled(if: NetworkLoop.isPossible))
struct ICMPEngineTests {
    @Test(
        "times an echo in the kernel",
        arguments: [ICMPEngine.SocketKind.ping, .raw],
        ["127.0.0.1", "127.9.9.9", "::1"]
    )
    func echo(kind: ICMPEngine.SocketKind, text: String) async throws {
        let address = try #require(IPAddress(text))
        let replies = try await NetworkLoop().withEngine([kind]) { engine in
            await engine.awaitKernelTimes()
            return [
                await engine.echo(to: address, timeout: .seconds(5)),
                await engine.echo(to: address, EchoPacket(payloadBytes: 0), timeout: .seconds(5)),
                await engine.echo(to: address, EchoPacket(payloadBytes: 20_000), timeout: .seconds(5)),
            ]
        }
        for reply in replies {
            let reply = try reply.get()
            #expect(reply.timeSource == .kernel)
            #expect(reply.roundTripNanoseconds > 0)
        }
    }

    @Test("answers a thousand echoes of one turn, each for its own address")
    func batch() async throws {
        let count = 1_000
        let (results, statistics) = try await NetworkLoop().withEngine { engine in
            let collector = EchoCollector()
            for tag in 0..<count {
                let address = IPAddress(v4: 0x7f00_0001 + UInt32(tag))
                engine.send(to: address, timeoutNanoseconds: 5_000_000_000, tag: tag, collector)
            }
            #expect(engine.inFlight == count)
            await collector.wait(for: count)
            #expect(engine.inFlight == 0)
            return (collector.results, engine.statistics)
        }
        #expect(results.values.count { (try? $0.get()) != nil } == count)
        #expect(statistics.sent == count)
        #expect(statistics.replies == count)
        #expect(statistics.late + statistics.duplicates + statistics.strangers == 0)
    }

    @Test("keeps the kernel's times right when others of the batch cannot be sent")
    func failuresInBatch() async throws {
        let count = 200
        let results = try await NetworkLoop().withEngine { engine in
            await engine.awaitKernelTimes()
            let collector = EchoCollector()
            for tag in 0..<count {
                let address = tag % 3 == 1 ? IPAddress(v4: 0xc000_0201) : .loopback
                engine.send(to: address, timeoutNanoseconds: 5_000_000_000, tag: tag, collector)
            }
            await collector.wait(for: count)
            return collector.results
        }
        for (tag, result) in results {
            if tag % 3 == 1 {
                #expect(result == .failure(.unreachable("no route")))
            } else {
                #expect((try? result.get())?.timeSource == .kernel)
            }
        }
    }

    @Test("gives up when nothing comes back, and counts what is in flight as over")
    func timeout() async throws {
        let network = try await NetworkLoop()
        try await network.set("net/ipv4/icmp_echo_ignore_all", to: "1")
        await network.withEngine { engine in
            let result = await engine.echo(to: .loopback, timeout: .milliseconds(20))
            #expect(result == .failure(.timeout))
            #expect(engine.inFlight == 0)
        }
    }

    @Test(
        "tells what a router says of an echo",
        arguments: [ICMPEngine.SocketKind.ping, .raw],
        [(3, 1), (3, 13), (3, 4), (11, 0)]
    )
    func routerError(kind: ICMPEngine.SocketKind, error: (type: Int, code: Int)) async throws {
        let network = try await NetworkLoop()
        try await network.set("net/ipv4/icmp_echo_ignore_all", to: "1")
        let result = try await network.withEngine([kind]) { engine in
            let router = try RefusingRouter(on: engine.loop, type: UInt8(error.type), code: UInt8(error.code))
            defer { router.close() }
            return await engine.echo(to: .loopback, timeout: .seconds(5))
        }
        let expected: EchoFailure =
            switch error {
            case (3, 13): .prohibited
            case (3, 4): .packetTooBig
            case (11, _): .hopLimitExceeded
            default: .unreachable("host unreachable")
            }
        #expect(result == .failure(expected))
    }

    @Test("ends an echo as soon as its task is cancelled")
    func cancel() async throws {
        let network = try await NetworkLoop()
        try await network.set("net/ipv4/icmp_echo_ignore_all", to: "1")
        await network.withEngine { engine in
            let result = await withTaskGroup(of: EchoResult.self) { group in
                let bound = LoopBound(engine, on: engine.loop)
                group.addTask(executorPreference: engine.loop) {
                    await bound.value.echo(to: .loopback, timeout: .seconds(3_600))
                }
                group.cancelAll()
                return await group.next()
            }
            #expect(result == .failure(.cancelled))
            #expect(engine.inFlight == 0)
        }
    }

    @Test("refuses more echoes than it may have in flight")
    func busy() async throws {
        try await NetworkLoop().withEngine(maximumInFlight: 4) { engine in
            let collector = EchoCollector()
            for tag in 0..<5 { engine.send(to: .loopback, timeoutNanoseconds: 5_000_000_000, tag: tag, collector) }
            await collector.wait(for: 5)
            #expect(collector.results[4] == .failure(.busy))
            #expect(collector.results.values.count { $0 == .failure(.busy) } == 1)
        }
    }

    @Test("says which setting is missing when it may open no socket")
    func permission() async throws {
        let network = try await NetworkLoop()
        try await network.set("net/ipv4/ping_group_range", to: "1 0")
        await network.withEngine { engine in
            let error = #expect(throws: ProbingError.self) { try engine.open(.v4) }
            #expect(error?.code == .permission)
            #expect(error?.description.contains("net.ipv4.ping_group_range") == true)
            #expect(await engine.echo(to: .loopback, timeout: .seconds(1)) == .failure(.permission))
        }
    }

    @Test("opens a raw socket where ping sockets are not allowed")
    func fallback() async throws {
        let network = try await NetworkLoop()
        try await network.set("net/ipv4/ping_group_range", to: "1 0")
        try await network.withEngine([.ping, .raw]) { engine in
            let kind = try engine.open(.v4)
            #expect(kind == .raw)
            let reply = try await engine.echo(to: .loopback, timeout: .seconds(5)).get()
            #expect(reply.roundTripNanoseconds > 0)
        }
    }
}
