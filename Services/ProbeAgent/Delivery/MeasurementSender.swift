import Contracts
import JSON
import JSONRPC
import JSONRPCTransport
import Observability

/// Sends batches to the store, each until it is acknowledged.
struct MeasurementSender: Sendable {
    private static let timeout = Duration.seconds(10)

    let outbox: Outbox
    let store: RPCClient
    let batchesInFlight: Int
    let clock: any Clock<Duration>
    let log: Log
    private let delivered: CounterFamily
    private let retries: CounterFamily

    init(
        _ outbox: Outbox,
        to store: RPCClient,
        batchesInFlight: Int,
        clock: any Clock<Duration>,
        log: Log,
        metrics: Metrics
    ) {
        self.outbox = outbox
        self.store = store
        self.batchesInFlight = batchesInFlight
        self.clock = clock
        self.log = log
        delivered = metrics.counter(
            "sonde_agent_rows_total",
            "Measurements that the store answered for, by outcome.",
            labels: ["outcome"]
        )
        retries = metrics.counter("sonde_agent_resent_batches_total", "Batches that had to be sent again.")
        metrics.gauge("sonde_agent_queue_rows", "Measurements that the store has not acknowledged.") {
            Double(outbox.depth)
        }
        metrics.counter("sonde_agent_dropped_rows_total", "Measurements that had to go: the queue was full.") {
            Double(outbox.dropped)
        }
    }

    /// Returns when the outbox is finished and empty.
    func run() async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<batchesInFlight {
                group.addTask {
                    while let batch = try await outbox.next() { try await deliver(batch) }
                }
            }
            try await group.waitForAll()
        }
    }

    private func deliver(_ batch: MeasurementBatch) async throws {
        var random = SystemRandomNumberGenerator()
        var backoff = Backoff()
        var hasFailed = false
        while true {
            do {
                let receipt = try await store.call(.appendMeasurements, batch, timeout: Self.timeout)
                delivered("stored").increment(by: receipt.stored)
                delivered("duplicate").increment(by: receipt.duplicates)
                return outbox.settle(batch)
            } catch let error as RPCError where error.code == .invalidParams {
                // It would be refused for ever, and everything behind it would wait.
                log.error("the store refused measurements", ["error": error.message, "rows": "\(batch.count)"])
                delivered("refused").increment(by: batch.count)
                return outbox.settle(batch)
            } catch {
                try Task.checkCancellation()
                if !hasFailed { log.warning("the store did not take measurements", ["error": "\(error)"]) }
                hasFailed = true
                retries().increment()
                try await clock.sleep(for: max(backoff.next(using: &random), Self.pause(asked: error)))
            }
        }
    }

    /// How long a store that is busy wants to be left alone.
    private static func pause(asked error: any Error) -> Duration {
        guard let error = error as? RPCError, error.code == .busy,
            case .int(let milliseconds) = error.data?["retry_after_ms"]
        else { return .zero }
        return .milliseconds(min(max(0, milliseconds), 60_000))
    }
}
