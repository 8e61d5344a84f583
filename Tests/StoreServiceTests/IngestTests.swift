import Contracts
import Database
import Foundation
import JSON
import JSONRPC
import Observability
import ServiceTesting
import StoreService
import Testing

@Suite("Ingest")
struct IngestTests {
    let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    @Test("stores a batch once, however often it is sent", arguments: DatabaseEngine.allCases)
    func duplicates(engine: DatabaseEngine) async throws {
        try await withStore(in: directory, on: engine) { store in
            let watch = Watch(targets: 3)
            let batch = watch.batch(30, before: store.time.now)
            let first = try await store.client.call(.appendMeasurements, batch)
            #expect(first == AppendReceipt(stored: 30, duplicates: 0, durability: "normal"))
            let again = try await store.client.call(.appendMeasurements, batch)
            #expect(again == AppendReceipt(stored: 0, duplicates: 30, durability: "normal"))
            var longer = batch
            longer.columns = batch.columns
            let more = watch.batch(2, before: store.time.now)
            for row in 0..<2 {
                longer.columns.append(
                    MeasurementRow(
                        id: more.columns.id[row],
                        timestamp: Timestamp(microseconds: more.columns.timestamp[row]),
                        latency: 1,
                        status: .success,
                        reason: .none,
                        metadata: Array("{}".utf8)
                    ),
                    series: more.columns.series[row]
                )
            }
            let part = try await store.client.call(.appendMeasurements, longer)
            #expect(part == AppendReceipt(stored: 2, duplicates: 30, durability: "normal"))
            let page = try await store.client.call(.listMeasurements, MeasurementFilter(limit: 1_000))
            #expect(page.measurements.count == 32)
            #expect(store.counts.isSuperset(of: ["sonde_store_rows_total 32", "sonde_store_duplicates_total 60"]))
        }
    }

    @Test(
        "knows a batch that is sent again for as long as its rows are kept, also after a restart",
        arguments: DatabaseEngine.allCases
    )
    func lateDuplicates(engine: DatabaseEngine) async throws {
        let (time, clock) = (ManualTime(), StandingClock(engine))
        let watch = Watch(targets: 3)
        let batch = watch.batch(30, before: time.now)
        try await withStore(in: directory, on: engine, time: time, clock: clock) { store in
            await clock.untilSleeping()
            _ = try await store.client.call(.appendMeasurements, batch)
            // Longer than an agent's spool is deep, and than the event log goes back; other rows come meanwhile.
            time.advance(by: .seconds(29 * 86_400))
            _ = try await store.client.call(.appendMeasurements, watch.batch(30, before: time.now))
            clock.wake()
            await clock.untilSleeping()
            #expect(try await store.client.call(.appendMeasurements, batch).duplicates == 30)
        }
        try await withStore(in: directory, on: engine, time: time) { store in
            let again = try await store.client.call(.appendMeasurements, batch)
            #expect((again.stored, again.duplicates) == (0, 30))
        }
    }

    @Test("keeps every field of a row", arguments: DatabaseEngine.allCases)
    func fields(engine: DatabaseEngine) async throws {
        try await withStore(in: directory, on: engine) { store in
            var watch = Watch()
            watch.origin = "Büro"
            let metadata = #"{"ttl":57,"name":"ü\"\\ 😀","list":[1,2.5,null,true]}"#
            let times = [0, 1, 2].map { store.time.now.advanced(by: .seconds($0 - 10)) }
            var batch = watch.batch([(times[0], 1.25), (times[1], nil), (times[2], 0)], metadata: metadata)
            batch.columns.status[2] = .error
            batch.columns.reason[2] = .httpStatus
            _ = try await store.client.call(.appendMeasurements, batch)
            let page = try await store.client.call(.listMeasurements, MeasurementFilter())
            #expect(page.measurements == [2, 1, 0].map(batch.row))
            #expect(page.measurements.map(\.reason) == ["http_status", "timeout", nil])
        }
    }

    @Test("keeps what it acknowledged when the process ends without a word")
    func killed() async throws {
        let directory = directory
        let copy = try TemporaryDirectory()
        let watch = Watch(targets: 5)
        let time = ManualTime()
        try await withStore(in: directory, time: time) { store in
            for minute in 1...20 {
                let end = store.time.now.advanced(by: .seconds(-60 * minute))
                _ = try await store.client.call(.appendMeasurements, watch.batch(50, before: end))
            }
            // What is in the files now is what a killed process leaves behind.
            for name in ["store.db", "store.db-wal"] {
                try FileManager.default.copyItem(
                    atPath: "\(directory.path)/\(name)",
                    toPath: "\(copy.path)/\(name)"
                )
            }
        }
        try await withStore(in: copy, time: time) { store in
            let filter = MeasurementFilter(from: time.now.advanced(by: .seconds(-7_200)), to: time.now, limit: 10_000)
            let page = try await store.client.call(.listMeasurements, filter)
            #expect(page.measurements.count == 1_000)
            let latest = try await store.client.call(.latestMeasurements, LatestFilter())
            #expect(latest.measurements.count == 5)
            let again = try await store.client.call(
                .appendMeasurements,
                watch.batch(5, before: time.now)
            )
            #expect(again.stored == 5)
        }
    }

    @Test("commits what many agents send at once, each row once", arguments: DatabaseEngine.allCases)
    func manyAgents(engine: DatabaseEngine) async throws {
        try await withStore(in: directory, on: engine) { store in
            try await withThrowingTaskGroup(of: Int.self) { group in
                for _ in 0..<40 {
                    group.addTask {
                        let watch = Watch(targets: 4)
                        var stored = 0
                        for second in 0..<5 {
                            let batch = watch.batch(20, before: store.time.now.advanced(by: .seconds(-20 * second)))
                            stored += try await store.client.call(.appendMeasurements, batch).stored
                        }
                        return stored
                    }
                }
                let total = try await group.reduce(0, +)
                #expect(total == 4_000)
            }
            let report = try await store.client.call(.summarizeMeasurements, SummaryFilter())
            #expect(report.overall.count == 4_000)
            #expect(report.targets.count == 160)
            #expect(store.database.statistics.commits < 210)
        }
    }

    @Test("says that it is busy while its queue is full, and takes the batch afterwards")
    func busy() async throws {
        try await withStore(in: directory, configure: { $0.ingest.queueRows = 100 }) { store in
            let watch = Watch()
            let tooMany = try await failure {
                try await store.client.call(.appendMeasurements, watch.batch(101, before: store.time.now))
            }
            #expect(tooMany.code == .busy)
            #expect(tooMany.data?["retry_after_ms"] != nil)
            // The writer is held up, so what comes waits in the queue.
            let gate = Gate()
            async let blocker: Void = store.database.write { _ in gate.wait() }
            await gate.untilEntered()
            async let first = store.client.call(.appendMeasurements, watch.batch(60, before: store.time.now))
            while !store.counts.contains("sonde_store_queue_rows 60.0") { await pause() }
            let second = watch.batch(60, before: store.time.now.advanced(by: .seconds(-60)))
            let error = try await failure { try await store.client.call(.appendMeasurements, second) }
            #expect(error.code == .busy)
            gate.open()
            try await blocker
            #expect(try await first.stored == 60)
            #expect(try await store.client.call(.appendMeasurements, second).stored == 60)
        }
    }

    @Test("refuses a batch with a row that cannot be stored, as a whole and by the row's index", arguments: BadRow.all)
    func badRows(_ bad: BadRow) async throws {
        try await withStore(in: directory) { store in
            var batch = Watch().batch(3, before: store.time.now)
            bad.change(&batch, store.time.now)
            let error = try await failure { [batch] in try await store.client.call(.appendMeasurements, batch) }
            #expect(error.code == .invalidParams)
            #expect(error.data == bad.data, "\(error.message)")
            let page = try await store.client.call(.listMeasurements, MeasurementFilter())
            #expect(page.measurements.isEmpty)
        }
    }

    @Test("takes no more series than it may", arguments: DatabaseEngine.allCases)
    func seriesLimit(engine: DatabaseEngine) async throws {
        try await withStore(in: directory, on: engine, configure: { $0.ingest.series = 3 }) { store in
            let watch = Watch(targets: 3)
            _ = try await store.client.call(.appendMeasurements, watch.batch(3, before: store.time.now))
            let other = Watch()
            let error = try await failure {
                try await store.client.call(.appendMeasurements, other.batch(1, before: store.time.now))
            }
            #expect(error.code == .conflict)
            let known = watch.batch(3, before: store.time.now.advanced(by: .seconds(-9)))
            #expect(try await store.client.call(.appendMeasurements, known).stored == 3)
        }
    }
}

/// A way to spoil the second of three rows.
struct BadRow: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let data: JSONValue
    let change: @Sendable (inout MeasurementBatch, Timestamp) -> Void

    static let all = [
        BadRow(testDescription: "more than an hour ahead", data: ["row": 1]) { batch, now in
            batch.columns.timestamp[1] = now.microseconds + 3_600_000_001
        },
        BadRow(testDescription: "before 2000", data: ["row": 1]) { batch, _ in batch.columns.timestamp[1] = 1 },
        BadRow(testDescription: "negative latency", data: ["row": 1]) { batch, _ in batch.columns.latency[1] = -0.5 },
        BadRow(testDescription: "4 KiB of metadata and more", data: ["row": 0]) { batch, _ in
            let text = Array("\"\(String(repeating: "x", count: 4_095))\"".utf8)
            batch.columns.metadataBytes = text + Array("{}{}".utf8)
            batch.columns.metadataEnd = [text.count, text.count + 2, text.count + 4]
        },
        BadRow(testDescription: "no origin", data: ["field": "origin"]) { batch, _ in batch.origin = "" },
        BadRow(testDescription: "no target", data: ["field": "series"]) { batch, _ in batch.series[0].target = "" },
    ]
}
