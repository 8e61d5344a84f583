import Contracts
import JSON
import JSONRPC
import Observability
import ProbeAgentService
import ServiceTesting
import Testing

@Suite("ProbeAgent")
struct ProbeAgentTests {
    @Test("probes what it is assigned, goes on with what that becomes, and sends each result once")
    func assignedChecks() async throws {
        let store = RecordingStore()
        try await withAgent(store) { orchestrator, _ in
            let target = try await orchestrator.call(.createTarget, .nobody)
            let first = try await store.row { $0.targetID == target.id }
            #expect(first.origin == "node-1")
            #expect(first.type == "tcp")
            #expect(first.reason == "refused")
            let list = try await orchestrator.call(.listChecks, CheckFilter(targetID: target.id))
            let check = try #require(list.checks.first)
            var options = CheckOptions()
            options.port = 2
            _ = try await orchestrator.call(.updateCheck, CheckChange(id: check.id, options: options))
            _ = try await store.row { $0.targetID == target.id && $0.metadata["port"] == .int(2) }
            _ = try await orchestrator.call(.deleteTarget, TargetRemoval(id: target.id))
        }
        let ids = store.rows.map(\.id.rawValue)
        #expect(Set(ids).count == ids.count)
        #expect(ids.allSatisfy { UUIDv7($0) != nil })
    }

    @Test("runs at once, and one time, what a person wants to see now")
    func ordered() async throws {
        let store = RecordingStore()
        try await withAgent(store) { orchestrator, _ in
            var new = NewTarget.nobody
            new.checks?[0].enabled = false
            let target = try await orchestrator.call(.createTarget, new)
            let list = try await orchestrator.call(.listChecks, CheckFilter(targetID: target.id))
            let check = try #require(list.checks.first)
            let run = try await orchestrator.call(.runCheck, RunRequest(id: check.id))
            let row = try await store.row { $0.targetID == target.id }
            #expect(run.startedAt <= row.timestamp)
            // Another set of assignments with the same order in it.
            let other = try await orchestrator.call(.createTarget, NewTarget(address: "127.0.0.2", checks: new.checks))
            _ = try await orchestrator.call(
                .runCheck,
                RunRequest(
                    id: #require(
                        try await orchestrator.call(.listChecks, CheckFilter(targetID: other.id)).checks.first
                    ).id
                )
            )
            _ = try await store.row { $0.targetID == other.id }
            #expect(store.rows.count { $0.targetID == target.id } == 1)
        }
    }

    @Test("keeps its measurements until the store takes them")
    func storeAway() async throws {
        let store = RecordingStore(refusing: 3)
        try await withAgent(store) { orchestrator, _ in
            let target = try await orchestrator.call(.createTarget, .nobody)
            _ = try await store.row { $0.targetID == target.id }
        }
        #expect(store.refusalsLeft == 0)
    }

    @Test("gives up on measurements that the store calls invalid, and goes on with the others")
    func refused() async throws {
        let store = RecordingStore(refusing: 1, with: RPCError(.invalidParams, "no"))
        try await withAgent(store) { orchestrator, _ in
            let target = try await orchestrator.call(.createTarget, .nobody)
            _ = try await store.row { $0.targetID == target.id }
        }
        #expect(store.gaps.first?.cause == .refused)
        #expect(store.gaps.first?.rows ?? 0 > 0)
    }

    @Test("gives up on the one row that the store finds fault with, and no other")
    func refusedRow() async throws {
        let store = RecordingStore(refusing: 1, with: RPCError(.invalidParams, "no", data: ["row": 0]))
        let away = RecordingStore(refusing: .max)
        let folder = try TemporaryDirectory()
        try await withAgent(away, in: folder) { orchestrator, agent in
            _ = try await orchestrator.call(.createTarget, .nobody)
            while agent.undelivered < 5 { await Task.yield() }
        }
        try await AgentCase(folder: folder.path, store: store).run { agent in
            for _ in 0..<4 { _ = try await store.row { _ in true } }
            await agent.drain()
            #expect(agent.undelivered == 0)
        }
        #expect(store.gaps.map(\.rows) == [1])
    }

    @Test("rests while another process has its name, and goes on when that one is gone")
    func upgraded() async throws {
        let (old, new, sink) = (RecordingStore(), RecordingStore(), MemorySink())
        let folder = try TemporaryDirectory()
        try await withAgent(old, sink: sink) { orchestrator, _ in
            let id = try await orchestrator.call(.createTarget, .nobody).id
            _ = try await old.row { $0.targetID == id }
            var upgrade = AgentCase(folder: folder.path, store: new)
            upgrade.orchestrator = orchestrator
            let (rested, end) = try await upgrade.run { second in
                _ = try await new.row { $0.targetID == id }
                while !sink.lines.contains(where: { $0.contains("stands by") }) { await pause() }
                let rested = Timestamp.now
                var last = rested
                for _ in 0..<5 { last = try await new.row { $0.targetID == id && $0.timestamp > rested }.timestamp }
                await second.drain()
                return (rested, last)
            }
            _ = try await old.row { $0.targetID == id && $0.timestamp > end }
            // Nothing of the first that began in the second's time.
            let meanwhile = old.rows.filter { $0.targetID == id && $0.timestamp > rested && $0.timestamp < end }
            #expect(meanwhile == [])
        }
    }

    @Test("has sent everything when it is drained, and probes no more")
    func drain() async throws {
        let store = RecordingStore()
        try await withAgent(store) { orchestrator, agent in
            let target = try await orchestrator.call(.createTarget, .nobody)
            _ = try await store.row { $0.targetID == target.id }
            await agent.drain()
            #expect(agent.undelivered == 0)
        }
    }

    @Test("sends after a restart what the store did not take before")
    func restart() async throws {
        let folder = try TemporaryDirectory()
        let away = RecordingStore(refusing: .max)
        try await withAgent(away, in: folder) { orchestrator, agent in
            _ = try await orchestrator.call(.createTarget, .nobody)
            while agent.undelivered < 3 { await Task.yield() }
        }
        let store = RecordingStore()
        try await AgentCase(folder: folder.path, store: store).run { agent in
            _ = try await store.row { _ in true }
            await agent.drain()
            #expect(agent.undelivered == 0)
        }
        #expect(store.rows.count >= 3)
        #expect(Set(store.rows.map(\.id)).count == store.rows.count)
    }
}

extension NewTarget {
    /// Ports that nobody listens on.
    static var nobody: Self {
        var options = CheckOptions()
        options.port = 1
        let check = NewTargetCheck(type: .tcp, intervalMilliseconds: 200, timeoutMilliseconds: 200, options: options)
        return NewTarget(address: "127.0.0.1", name: "nobody", checks: [check])
    }
}
