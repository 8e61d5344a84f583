import Contracts
import EventLoop
import Observability
import Probing
import ServiceTesting
import Testing

@testable import ProbeAgentService

@Suite("An agent's reflector", .timeLimit(.minutes(5)))
struct ReflectorTests {
    @Test("answers the STAMP sessions of others, and goes with the agent")
    func reflects() async throws {
        let directory = try TemporaryDirectory()
        let port = try TCPSocket.localAddress(of: TCPSocket.listen(on: SocketAddress(.loopback, port: 0))).port
        var agent = AgentCase(folder: directory.path, store: RecordingStore())
        agent.settings["PROBE_AGENT_REFLECTOR"] = "127.0.0.1:\(port)"
        let sink = agent.sink
        try await agent.run { _ in
            while !sink.lines.contains(where: { $0.contains("answers STAMP sessions") }) { await Task.yield() }
            let outcome = try await Self.session(with: port)
            #expect(outcome.sent == 20)
            #expect(outcome.received == 20)
        }
        #expect(try await Self.session(with: port).received == 0)
    }

    private static func session(with port: UInt16) async throws -> ProbeOutcome {
        let loop = try EventLoop(name: "sender")
        try loop.start()
        defer { loop.stop() }
        return try await withTaskExecutorPreference(loop) {
            let point = try VantagePoint(on: loop)
            defer { point.close() }
            var options = CheckOptions()
            options.packets = 20
            options.gapMilliseconds = 1
            options.port = Int(port)
            let results = await point.run(.stamp, of: "127.0.0.1", timeoutMilliseconds: 500, options: options)
            return results[0].outcome
        }
    }
}
