import Contracts
import Database
import DatabaseCalls
import JSON
import JSONRPC
import Observability

/// Answers `measurement.append`: batches that arrive while a transaction runs go into the next one together.
///
/// The one writer. A batch is answered when it is durable, and shown to readers before that.
final class Ingest: Sendable {
    private let database: any Database
    private let settings: StoreSettings
    private let replica: Replica
    private let ownership: Ownership
    private let enrolled: EnrolledAgents
    private let queue: IngestQueue
    private let metrics: IngestMetrics
    private let now: @Sendable () -> Timestamp
    private let log: Log

    init(
        _ database: any Database,
        _ settings: StoreSettings,
        _ replica: Replica,
        orchestrator: RPCClient,
        enrolled: EnrolledAgents,
        now: @escaping @Sendable () -> Timestamp,
        log: Log,
        metrics: Metrics
    ) {
        self.database = database
        self.settings = settings
        self.replica = replica
        ownership = Ownership(orchestrator: orchestrator, series: replica.series)
        self.enrolled = enrolled
        self.now = now
        self.log = log
        queue = IngestQueue(settings.ingest)
        self.metrics = IngestMetrics(metrics, queue)
    }

    func addRoutes(to router: inout RPCRouter) {
        router.handle(RPCMethod.appendMeasurements.descriptor, raw: append)
    }

    /// Keeps the batch as it came beside what was read from it: that is what followers get.
    private func append(_ json: ArraySlice<UInt8>) async throws -> RPCRawReply {
        try checkRoom(rows: 1, bytes: json.count)
        let batch = try MeasurementBatch.checked(json, limits: settings.ingest, now: now())
        try checkRoom(rows: batch.count, bytes: json.count)
        try await enrolled.requireCaller(isAgent: batch.agentID)
        let batches = batch.batches(of: try await ownership.tenants(of: batch), json: json)
        let outcome = try await commit(batches)
        let refused = batch.count - batches.reduce(0) { $0 + $1.batch.count }
        if refused > 0 {
            metrics.refused.increment(by: refused)
            log.warning(
                "an agent reports checks that it was not told to run",
                ["agent": "\(batch.agentID)", "rows": "\(refused)"]
            )
        }
        let receipt = AppendReceipt(
            stored: outcome.stored,
            duplicates: outcome.duplicates,
            refused: refused == 0 ? nil : refused,
            durability: settings.durability.rawValue
        )
        return RPCRawReply(result: try encodeJSON(receipt)[...])
    }

    /// Stores batches of one sender; those before one that fails stay stored.
    func store(_ batches: [IncomingBatch]) async throws -> AppendTransaction.Outcome {
        try checkRoom(
            rows: batches.reduce(0) { $0 + $1.batch.count },
            bytes: batches.reduce(0) { $0 + $1.json.count }
        )
        return try await commit(batches)
    }

    private func commit(_ batches: [IncomingBatch]) async throws -> AppendTransaction.Outcome {
        var sum = AppendTransaction.Outcome()
        guard !batches.isEmpty else { return sum }
        metrics.batchRows.observe(Double(batches.reduce(0) { $0 + $1.batch.count }))
        for outcome in try await queue.append(batches) {
            if let failure = outcome.failure { throw failure }
            sum.stored += outcome.stored
            sum.duplicates += outcome.duplicates
        }
        return sum
    }

    /// What storing batches would come to.
    func look(for batches: [IncomingBatch]) async throws -> AppendTransaction.Outcome {
        try await database.read(as: .every) { [replica] connection in
            let series = replica.series
            var known = KnownRows(connection, series, replica.head, RowPacker(level: 1))
            var sum = AppendTransaction.Outcome()
            var numbers: [SeriesKey: Int] = [:]
            for batch in batches {
                var rows = batch.batch.columns
                let keys = batch.keys
                for row in 0..<rows.count {
                    guard let key = keys[rows.series[row]] else { continue }
                    // A series that is new gets a number that none will have.
                    let number = numbers[key] ?? series.number(of: key) ?? .max - numbers.count
                    numbers[key] = number
                    rows.series[row] = number
                }
                let isNew = try known.areNew(rows)
                known.add(rows)
                sum.stored += isNew.count { $0 }
                sum.duplicates += isNew.count { !$0 }
            }
            return sum
        }
    }

    /// Throws `busy` when too much waits to be durable, or to be moved out of memory.
    private func checkRoom(rows: Int, bytes: Int) throws(RPCError) {
        try queue.checkRoom(rows: rows, bytes: bytes)
        let (head, limits) = (replica.head, settings.ingest)
        guard head.rowCount < limits.headRows, head.byteCount < limits.headBytes else { throw IngestQueue.busy }
    }

    /// Writes until it is cancelled.
    func run() async throws {
        defer { queue.close() }
        while true {
            try await write(try await queue.next())
        }
    }

    private func write(_ entries: [IngestQueue.Entry]) async throws {
        let (batches, now) = (entries.flatMap(\.batches), now())
        do {
            let start = ContinuousClock.now
            let result = try await database.write(as: .every) { [replica] connection in
                try AppendTransaction.run(batches, on: connection, replica, now: now)
            }
            metrics.commitSeconds.observe((ContinuousClock.now - start) / .seconds(1))
            replica.take(result.newSeries, result.outcomes.compactMap(\.commit))
            var outcomes = result.outcomes[...]
            for outcome in outcomes {
                metrics.stored.increment(by: outcome.stored)
                metrics.duplicates.increment(by: outcome.duplicates)
            }
            for entry in entries {
                entry.answer.resume(returning: Array(outcomes.prefix(entry.batches.count)))
                outcomes = outcomes.dropFirst(entry.batches.count)
            }
        } catch {
            let isStopping = error is CancellationError
            if !isStopping {
                log.error("cannot store measurements", ["batches": "\(entries.count)", "error": "\(error)"])
            }
            metrics.failures.increment()
            let failure = RPCError(.unavailable, "the measurements could not be stored")
            for entry in entries { entry.answer.resume(throwing: failure) }
        }
    }
}

/// What is counted of stored and refused rows.
struct IngestMetrics: Sendable {
    let stored: Counter
    let duplicates: Counter
    let refused: Counter
    let failures: Counter
    let commitSeconds: Histogram
    let batchRows: Histogram

    init(_ metrics: Metrics, _ queue: IngestQueue) {
        stored = metrics.counter("sonde_store_rows_total", "Measurements stored.")()
        duplicates = metrics.counter("sonde_store_duplicates_total", "Measurements that had been stored before.")()
        refused = metrics.counter(
            "sonde_store_refused_rows_total",
            "Measurements of checks that their agent was not told to run."
        )()
        failures = metrics.counter("sonde_store_commit_failures_total", "Transactions that failed.")()
        commitSeconds = metrics.histogram("sonde_store_commit_seconds", "Time from a transaction's begin to durable.")()
        batchRows = metrics.histogram(
            "sonde_store_batch_rows",
            "Measurements in a batch.",
            bounds: [1, 10, 50, 100, 500, 1_000, 5_000, 10_000]
        )()
        metrics.gauge("sonde_store_queue_rows", "Measurements that wait to be durable.") { Double(queue.depth) }
    }
}
