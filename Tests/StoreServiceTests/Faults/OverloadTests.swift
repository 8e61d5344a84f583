import Contracts
import Database
import Foundation
import JSONRPC
import ServiceTesting
import StoreService
import Synchronization
import Testing

@Suite("The process of a store that is sent too much", .serialized, .timeLimit(.minutes(10)))
struct OverloadTests {
    /// `make soak` asks for many.
    private static var seconds: Int {
        ProcessInfo.processInfo.environment["SONDE_SOAK_OVERLOAD_SECONDS"].flatMap(Int.init) ?? 4
    }

    /// Bytes of JSON that the store lets wait, and of rows that it has in memory.
    private static let queueBytes = 8 << 20
    private static let headBytes = 64 << 20
    private static let batchRows = 500
    private static let metadata = #"{"note":""# + String(repeating: "x", count: 1_500) + #""}"#
    /// Senders have four times as much under way as may wait.
    private static let senders = 4 * queueBytes / (batchRows * metadata.utf8.count) + 1

    private final class Sums: Sendable {
        let acknowledged = Atomic(0)
        let busy = Atomic(0)
        /// Bytes, sample by sample.
        let resident = Mutex<[Int]>([])
    }

    @Test("says that it is busy, needs no more memory for it, and has all that it acknowledged")
    func overload() async throws {
        let directory = try TemporaryDirectory()
        let process = try StoreProcess(on: directory.path + "/store.db")
        let sums = Sums()
        let start = Timestamp.now.advanced(by: .seconds(-25 * 86_400))
        try process.start([
            "STORE_QUEUE_BYTES": "\(Self.queueBytes)", "STORE_HEAD_BYTES": "\(Self.headBytes)",
        ])
        let end = ContinuousClock.now + .seconds(Self.seconds)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<4 {
                group.addTask {
                    try await process.withClient { client in
                        await withTaskGroup(of: Void.self) { senders in
                            for _ in 0..<Self.senders / 4 + 1 {
                                senders.addTask { await Self.send(to: client, from: start, until: end, sums) }
                            }
                        }
                    }
                }
            }
            group.addTask {
                while ContinuousClock.now < end {
                    let bytes = try process.residentBytes()
                    sums.resident.withLock { $0.append(bytes) }
                    try await ContinuousClock().sleep(for: .milliseconds(100))
                }
            }
            try await group.waitForAll()
        }
        process.kill()
        let acknowledged = sums.acknowledged.load(ordering: .relaxed)
        let busy = sums.busy.load(ordering: .relaxed)
        let resident = sums.resident.withLock { $0 }
        let (early, late) = (resident.prefix(resident.count / 2).max() ?? 0, resident.max() ?? 0)
        print("\(acknowledged) rows stored, \(busy) batches refused, \(early >> 20) MiB and then \(late >> 20) MiB")
        #expect(busy > 0 && acknowledged > 0)
        // Two caches of 64 MiB, what may wait and be in memory, what is under way, and the program.
        #expect(late < 400 << 20)
        try await withStore(in: directory) { store in
            let report = try await StoreCheck.run(on: store.database, retention: RetentionSettings(), now: .now)
            #expect(report.faults == [])
            #expect(report.rows + report.waitingRows == acknowledged)
        }
    }

    /// Sends batch after batch, each again and again until it is stored; whatever became of the last one is known.
    private static func send(
        to client: RPCClient,
        from start: Timestamp,
        until end: ContinuousClock.Instant,
        _ sums: Sums
    ) async {
        let watch = Watch(targets: 5)
        let times = (0..<batchRows).map { start.advanced(by: .seconds($0)) }
        var batch = watch.batch(times.map { ($0, 10) }, metadata: metadata)
        var isUnknown = false
        while isUnknown || ContinuousClock.now < end {
            do {
                let receipt = try await client.call(.appendMeasurements, batch)
                sums.acknowledged.add(receipt.stored + receipt.duplicates, ordering: .relaxed)
                isUnknown = false
            } catch let error as RPCError where error.code == .busy {
                sums.busy.add(1, ordering: .relaxed)
                continue
            } catch {
                isUnknown = true
                continue
            }
            for row in batch.columns.id.indices {
                batch.columns.id[row].high += UInt64(batchRows * 1_000) << 16
                batch.columns.timestamp[row] += Int64(batchRows * 1_000_000)
            }
        }
    }
}
