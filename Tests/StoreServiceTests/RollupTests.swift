import Contracts
import Packing
import Statistics
import Testing

@testable import StoreService

@Suite("Roll-ups")
struct RollupTests {
    private static func rows(_ count: Int, seed: UInt64) -> MeasurementColumns {
        var source = SeededGenerator(seed: seed)
        var rows = MeasurementColumns()
        for number in 0..<count {
            let reason = FailureReason.allCases.randomElement(using: &source) ?? .none
            let status = MeasurementStatus.allCases.randomElement(using: &source) ?? .success
            rows.append(
                MeasurementRow(
                    id: UUIDv7(high: UInt64(number), low: 0),
                    timestamp: Timestamp(microseconds: Int64(number)),
                    latency: status == .success ? Double.random(in: 0.1..<400, using: &source) : nil,
                    status: status,
                    reason: reason,
                    sent: 10,
                    received: .random(in: 0...10, using: &source)
                ),
                series: 1
            )
        }
        return rows
    }

    private static func rollup(_ rows: MeasurementColumns, _ range: Range<Int>) -> Rollup {
        var rollup = Rollup()
        for row in range { rollup.add(rows, row) }
        return rollup
    }

    private static func nearlyEqual(_ one: Double?, _ other: Double?) -> Bool {
        guard let one, let other else { return one == nil && other == nil }
        return abs(one - other) <= 1e-9 * max(1, abs(one))
    }

    @Test("of parts merge into that of the whole, wherever it is cut", arguments: [0, 1, 2, 57, 299, 300])
    func merging(cut: Int) {
        let rows = Self.rows(300, seed: 9)
        let whole = Self.rollup(rows, 0..<300)
        var merged = Self.rollup(rows, 0..<cut)
        merged.merge(Self.rollup(rows, cut..<300))
        #expect(merged.count == 300 && merged.count == whole.count)
        #expect(merged.reasons == whole.reasons)
        #expect((merged.sent, merged.received) == (whole.sent, whole.received))
        #expect(merged.sketch == whole.sketch)
        #expect(
            merged.latencies.minimum == whole.latencies.minimum && merged.latencies.maximum == whole.latencies.maximum
        )
        #expect(Self.nearlyEqual(merged.latencies.sum, whole.latencies.sum))
        #expect(Self.nearlyEqual(merged.jitter, whole.jitter))
        #expect(Self.nearlyEqual(merged.opinionScore, whole.opinionScore))
    }

    @Test("come back from their bytes as they were", arguments: [0, 1, 2, 3, 200])
    func packing(count: Int) throws {
        let rollup = Self.rollup(Self.rows(count, seed: UInt64(count)), 0..<count)
        var writer = PackedWriter()
        rollup.pack(into: &writer)
        var reader = PackedReader(writer.bytes)
        #expect(try Rollup(packed: &reader) == rollup)
        #expect(reader.isAtEnd)
        for end in 0..<writer.bytes.count {
            var cut = PackedReader(Array(writer.bytes[..<end]))
            #expect(throws: (any Error).self) { try Rollup(packed: &cut) }
        }
    }

    @Test("tell jitter as the mean difference between neighbours, and how a call would sound")
    func quality() throws {
        var rows = MeasurementColumns()
        for (number, latency) in [10.0, 14, 11, 11].enumerated() {
            rows.append(
                MeasurementRow(
                    id: UUIDv7(high: UInt64(number), low: 0),
                    timestamp: Timestamp(microseconds: Int64(number)),
                    latency: latency,
                    status: .success,
                    reason: .none
                ),
                series: 1
            )
        }
        let rollup = Self.rollup(rows, 0..<4)
        #expect(Self.nearlyEqual(rollup.jitter, 7.0 / 3))
        #expect((4.3...4.5).contains(try #require(rollup.opinionScore)))
        #expect(rollup.loss == 0)
        #expect(Rollup().jitter == nil && Rollup().opinionScore == nil && Rollup().loss == nil)
    }
}
