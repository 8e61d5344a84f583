import Contracts
import Foundation
import JSONRPC
import JSONRPCTransport
import Observability
import ServiceTesting
import Testing

@testable import ProbeAgentService

@Suite("An agent by itself")
struct AutonomyTests {
    let folder: TemporaryDirectory

    init() throws { folder = try TemporaryDirectory() }

    private var assignments: URL { URL(filePath: folder.path).appending(path: "assignments") }

    /// Lets an agent learn from an orchestrator what to watch; returns which targets it has probed.
    private func learn() async throws -> Set<TargetID> {
        let store = RecordingStore()
        try await withAgent(store, in: folder) { orchestrator, _ in
            let target = try await orchestrator.call(.createTarget, .nobody)
            _ = try await store.row { $0.targetID == target.id }
        }
        return Set(store.rows.map(\.targetID))
    }

    @Test("probes what it was last assigned when the orchestrator does not answer, and is ready")
    func restart() async throws {
        let targets = try await learn()
        let store = RecordingStore()
        let lonely = AgentCase(folder: folder.path, store: store)
        #expect(!lonely.readiness.hasStarted)
        try await lonely.run { _ in
            let row = try await store.row { _ in true }
            #expect(targets.contains(row.targetID))
        }
        #expect(lonely.readiness.hasStarted)
    }

    @Test("is not ready when it was never assigned anything")
    func unknown() async throws {
        let lonely = AgentCase(folder: folder.path, store: RecordingStore())
        try await lonely.run { agent in
            await agent.drain()
        }
        #expect(!lonely.readiness.hasStarted)
    }

    @Test("sets damaged assignments aside, says so once, and goes on without", arguments: [0, 1, 25, -1, -2])
    func damaged(place: Int) async throws {
        _ = try await learn()
        var bytes = try Data(contentsOf: assignments)
        if place == -2 { bytes = bytes.dropLast(7) } else { bytes[(place + bytes.count) % bytes.count] ^= 4 }
        try bytes.write(to: assignments)
        let lonely = AgentCase(folder: folder.path, store: RecordingStore())
        try await lonely.run { agent in await agent.drain() }
        #expect(!lonely.readiness.hasStarted)
        #expect(lonely.sink.lines.filter { $0.contains("damaged") }.count == 1)
        #expect(!FileManager.default.fileExists(atPath: assignments.path()))
        #expect(FileManager.default.fileExists(atPath: assignments.path() + ".damaged"))
        #expect(try await !learn().isEmpty)
        #expect(FileManager.default.fileExists(atPath: assignments.path()))
    }

    @Test("refuses a folder that another one has")
    func twoOfThem() async throws {
        let folder = folder.path
        try await AgentCase(folder: folder, store: RecordingStore()).run { _ in
            let second = AgentCase(folder: folder, store: RecordingStore(), isAlone: false)
            let error = await #expect(throws: SpoolInUse.self) {
                try await second.run { _ in }
            }
            #expect(error.map { "\($0)" }?.contains("another agent uses") == true)
        }
    }
}
