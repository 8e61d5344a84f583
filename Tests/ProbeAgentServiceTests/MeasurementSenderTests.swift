import Configuration
import Contracts
import EventLoop
import Foundation
import JSON
import JSONRPC
import JSONRPCTransport
import Lifecycle
import Observability
import ServiceTesting
import Testing

@testable import ProbeAgentService

@Suite("MeasurementSender")
struct MeasurementSenderTests {
    @Test("puts back what is in memory alone when it is cancelled before the store has taken it")
    func cancelled() async throws {
        let directory = try TemporaryDirectory()
        let file = directory.path + "/file"
        try Data().write(to: URL(filePath: file))
        let spool = try await openSpool(file + "/agent")
        await spool.append(0..<50)
        let calls = Latest(())
        let version = calls.current.version
        let log = Log(label: "test", sink: MemorySink())
        var router = RPCRouter(title: "store", authorizer: OpenDoor(), log: log)
        router.handle(.appendMeasurements) { _ throws -> AppendReceipt in
            calls.update(())
            throw RPCError(.busy, "later", data: ["retry_after_ms": 60_000])
        }
        let sender = MeasurementSender(
            spool,
            to: RPCClient(inProcess: router, as: .probeAgent),
            try DeliverySettings(from: Environment([:])),
            clock: ContinuousClock(),
            log: log,
            metrics: Metrics()
        )
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await sender.run() }
            _ = try await calls.next(after: version)
            group.cancelAll()
            while (try? await group.next()) != nil {}
        }
        #expect(spool.intake.rows == 50)
        #expect(spool.waiting == 50)
    }
}
