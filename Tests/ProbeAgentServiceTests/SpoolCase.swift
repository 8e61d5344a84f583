import Configuration
import Contracts
import Observability

@testable import ProbeAgentService

/// Opens a spool that lets go at once when it is full, unless told otherwise.
func openSpool(
    _ path: String,
    _ settings: [String: String] = [:],
    sink: MemorySink = MemorySink()
) async throws -> Spool {
    let own = ["PROBE_AGENT_DATA": path, "PROBE_AGENT_SPOOL_WAIT": "0s"]
    return try await reopening {
        try await Spool.open(
            try SpoolSettings(from: Environment(own.merging(settings) { $1 })),
            origin: "node",
            log: Log(label: "test", sink: sink),
            metrics: Metrics()
        )
    }
}

extension Spool {
    nonisolated func append(_ numbers: Range<Int>, metadata: String = "{}") async {
        for number in numbers {
            append(Rows.row(number, metadata: metadata), of: Rows.series(number % 3), by: Rows.agent)
        }
    }

    /// What there is to be sent, of either lane.
    func next() -> SpooledBatch? {
        read(.live) ?? read(.backlog)
    }

    /// Takes everything that there is, as a store that answers at once; returns the numbers of the rows.
    func sendAll() -> [Int] {
        var numbers: [Int] = []
        while let batch = next() {
            numbers += Rows.numbers(batch.batch)
            settle(batch)
        }
        return numbers
    }
}

/// Opens a folder again that this process has just let go.
///
/// A child that another test is starting has a copy of the lock, from its fork until it runs its own program.
func reopening<Value>(_ open: () async throws -> Value) async throws -> Value {
    let deadline = ContinuousClock.now.advanced(by: .seconds(60))
    while true {
        do {
            return try await open()
        } catch let error as SpoolInUse {
            guard ContinuousClock.now < deadline else { throw error }
            await Task.yield()
        }
    }
}
