import Contracts
import Database
import JSONRPC
import ServiceTesting
import Synchronization
import Testing

/// What a store was told, row by row, and what it has to answer.
private struct Model {
    var rows: [Measurement] = []

    func list(_ filter: MeasurementFilter) -> [Measurement] {
        rows.filter { row in
            row.timestamp >= filter.from ?? row.timestamp && row.timestamp < filter.to ?? .distantFuture
                && filter.targetID.map { $0 == row.targetID } ?? true && filter.status.map { $0 == row.status } ?? true
        }.sorted { ($0.timestamp, $0.id.rawValue) > ($1.timestamp, $1.id.rawValue) }
    }

    func summary(from: Timestamp, to: Timestamp) -> (count: Int, failures: Int, mean: Double, sent: Int) {
        let some = rows.filter { (from..<to).contains($0.timestamp) }
        let latencies = some.compactMap(\.latencyMilliseconds)
        let failures = some.count { $0.status != "success" }
        return (
            some.count, failures, latencies.reduce(0, +) / Double(max(1, latencies.count)),
            some.reduce(0) { $0 + $1.sent }
        )
    }
}

extension Timestamp {
    fileprivate static let distantFuture = Timestamp(microseconds: 1 << 60)
}

@Suite("A store beside a model of it")
struct ModelTests {
    let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    @Test(
        "answers the same, whatever is in memory and whatever in chunks, and however often it begins anew",
        arguments: DatabaseEngine.allCases,
        0..<4
    )
    func model(engine: DatabaseEngine, seed: Int) async throws {
        var source = SeededGenerator(seed: UInt64(seed))
        let time = ManualTime()
        let watches = (0..<3).map { _ in Watch(targets: 4) }
        var model = Model()
        for _ in 0..<3 {
            // What happens within one run of the process.
            let (next, after) = (model, source)
            let told = Told()
            let clock = StandingClock(engine)
            try await withStore(in: directory, on: engine, time: time, clock: clock) { store in
                var (model, source) = (next, after)
                for _ in 0..<8 {
                    try await Self.step(store, clock, watches, &model, &source)
                }
                try await Self.check(store, model, &source)
                told.set(model, source)
            }
            (model, source) = told.get(model, source)
        }
        #expect(model.rows.count > 2_000)
    }

    private static func step(
        _ store: StoreCase,
        _ clock: StandingClock,
        _ watches: [Watch],
        _ model: inout Model,
        _ source: inout SeededGenerator
    ) async throws {
        let watch = watches.randomElement(using: &source) ?? watches[0]
        // Now, or late by up to three days, so that rows lie before and between those of others.
        let late = Bool.random(using: &source) ? 0 : Int.random(in: 0..<3 * 86_400, using: &source)
        let end = store.time.now.advanced(by: .seconds(-late))
        let rows = (0..<Int.random(in: 1...300, using: &source)).map { index -> (time: Timestamp, latency: Double?) in
            let latency = Double(Int.random(in: 100..<90_000, using: &source)) / 1_000
            return (end.advanced(by: .milliseconds(-700 * index)), index % 9 == 0 ? nil : latency)
        }
        let batch = watch.batch(rows.shuffled(using: &source))
        let receipt = try await store.client.call(.appendMeasurements, batch)
        #expect((receipt.stored, receipt.duplicates) == (batch.count, 0))
        model.rows += (0..<batch.count).map(batch.row)
        if Bool.random(using: &source) {
            await clock.untilSleeping()
            clock.wake()
        }
        let again = try await store.client.call(.appendMeasurements, batch)
        #expect((again.stored, again.duplicates) == (0, batch.count))
        store.time.advance(by: .seconds(Int.random(in: 0..<7_200, using: &source)))
    }

    private static func check(_ store: StoreCase, _ model: Model, _ source: inout SeededGenerator) async throws {
        let now = store.time.now
        for _ in 0..<6 {
            let to = now.advanced(by: .milliseconds(-Int.random(in: 0..<86_400_000, using: &source)))
            let from = to.advanced(by: .milliseconds(-Int.random(in: 1..<3 * 86_400_000, using: &source)))
            var filter = MeasurementFilter(from: from, to: to, limit: 10_000)
            if Bool.random(using: &source) { filter.targetID = model.rows.randomElement(using: &source)?.targetID }
            if Bool.random(using: &source) { filter.status = "timeout" }
            #expect(try await store.client.call(.listMeasurements, filter).measurements == model.list(filter))
            let expected = model.summary(from: from, to: to)
            let sum = try await store.client.call(.summarizeMeasurements, SummaryFilter(from: from, to: to)).overall
            #expect((sum.count, sum.failures) == (expected.count, expected.failures))
            #expect(abs((sum.mean ?? 0) - expected.mean) < 1e-6)
            for target in Set(model.rows.map(\.targetID)) {
                let points = Int.random(in: 1...200, using: &source)
                let timeline = try await store.client.call(
                    .measurementTimeline,
                    TimelineFilter(targetID: target, from: from, to: to, points: points)
                )
                try check(timeline, model.rows.filter { $0.targetID == target }, points)
            }
        }
    }

    private static func check(_ timeline: Timeline, _ rows: [Measurement], _ points: Int) throws {
        #expect(timeline.series.allSatisfy { $0.count.count <= points })
        for line in timeline.series {
            var counts = [Int](repeating: 0, count: line.count.count)
            var most = [Double?](repeating: nil, count: line.count.count)
            for row in rows where row.agentID == line.agentID && (timeline.from..<timeline.to).contains(row.timestamp) {
                let distance = row.timestamp.microseconds - timeline.from.microseconds
                let step = Int(distance / Int64(timeline.stepMilliseconds * 1_000))
                counts[step] += 1
                guard let latency = row.latencyMilliseconds else { continue }
                most[step] = max(most[step] ?? latency, latency)
            }
            #expect(line.count == counts)
            #expect(line.maximum == most)
        }
    }
}

/// What comes out of a closure that may run anywhere.
private final class Told: Sendable {
    private let value = Mutex<(Model, SeededGenerator)?>(nil)

    func set(_ model: Model, _ source: SeededGenerator) { value.withLock { $0 = (model, source) } }

    func get(_ model: Model, _ source: SeededGenerator) -> (Model, SeededGenerator) {
        value.withLock { $0 } ?? (model, source)
    }
}
