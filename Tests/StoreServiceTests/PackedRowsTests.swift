import Contracts
import Packing
import Testing

@testable import StoreService

@Suite("Packed rows")
struct PackedRowsTests {
    private let packer: RowPacker

    init() { packer = RowPacker(level: 3) }

    /// Rows as a hostile or broken agent might send them: any time, any id, any latency.
    private static func anyRows(_ count: Int, seed: UInt64) -> MeasurementColumns {
        var source = SeededGenerator(seed: seed)
        var rows = MeasurementColumns()
        for _ in 0..<count {
            let latency: Double? =
                switch Int.random(in: 0..<5, using: &source) {
                case 0: nil
                case 1: Double(Int.random(in: 0..<1_000_000, using: &source)) / 1_000
                case 2: Double(Int.random(in: 0..<1_000_000, using: &source)) / 1_000_000
                case 3: Double.random(in: 0..<1, using: &source)
                default: Double.greatestFiniteMagnitude
                }
            let metadata = String(repeating: "x", count: Int.random(in: 0..<50, using: &source))
            rows.append(
                MeasurementRow(
                    id: UUIDv7(
                        high: .random(in: 0 ... .max, using: &source),
                        low: .random(in: 0 ... .max, using: &source)
                    ),
                    timestamp: Timestamp(microseconds: .random(in: -1 << 60...1 << 60, using: &source)),
                    latency: latency,
                    status: MeasurementStatus.allCases.randomElement(using: &source) ?? .success,
                    reason: FailureReason.allCases.randomElement(using: &source) ?? .none,
                    sent: .random(in: 0...100_000, using: &source),
                    received: .random(in: 0...100_000, using: &source),
                    metadata: Array("\"\(metadata)\"".utf8)
                ),
                series: .random(in: 0..<10, using: &source)
            )
        }
        return rows
    }

    @Test("come back as they went, whatever they hold", arguments: 0..<20)
    func roundTrip(seed: Int) throws {
        let rows = Self.anyRows(seed * 13, seed: UInt64(seed))
        let packed = try packer.pack(rows)
        #expect(try packer.unpack(packed) == rows)
        var numbers = rows
        (numbers.metadataBytes, numbers.metadataEnd) = ([], [])
        #expect(try packer.unpackNumbers(packed.numbers) == numbers)
    }

    @Test(
        "keep a latency to its last bit, in the fewest bytes that do",
        arguments: [
            (0.0, LatencyForm.thousandths), (12.345, .thousandths), (12.345678, .millionths), (1.0 / 3, .exact),
            (-0.0, .exact), (1e300, .exact),
        ]
    )
    func latencies(latency: Double, form: LatencyForm) throws {
        #expect(LatencyForm.best(for: [latency, .nan]).form == form)
        var writer = PackedWriter()
        writer.latencies([latency, .nan])
        var reader = PackedReader(writer.bytes)
        let read = try reader.latencies(2)
        #expect(read[0].bitPattern == latency.bitPattern)
        #expect(read[1].isNaN)
    }

    @Test("of a usual series take less than twenty bytes each")
    func size() throws {
        var rows = MeasurementColumns()
        var source = SeededGenerator(seed: 7)
        for number in 0..<1_000 {
            let time = 1_763_600_000_000_000 + Int64(number) * 2_500_000 + .random(in: 0..<800, using: &source)
            rows.append(
                MeasurementRow(
                    id: UUIDv7(
                        high: UInt64(time / 1_000 + 12) << 16 | 0x7000,
                        low: 1 << 63 | .random(in: 0..<1 << 62, using: &source)
                    ),
                    timestamp: Timestamp(microseconds: time),
                    latency: Double(Int.random(in: 9_000..<14_000, using: &source)) / 1_000,
                    status: .success,
                    reason: .none,
                    metadata: Array(#"{"address":"10.0.0.1","payload_bytes":56,"time_source":"kernel"}"#.utf8)
                ),
                series: 12
            )
        }
        #expect(try packer.pack(rows).byteCount < 15_000)
    }

    @Test("that are damaged are refused, or were not damaged where it counts")
    func damage() throws {
        let rows = Self.anyRows(40, seed: 3)
        let packed = try packer.pack(rows)
        for index in packed.numbers.indices {
            var damaged = packed
            damaged.numbers[index] ^= 0x40
            let read = try? packer.unpack(damaged)
            #expect(read == nil || read == rows)
        }
        #expect(throws: PackingError.self) {
            try packer.unpack(PackedRows(numbers: packed.metadata, metadata: packed.numbers))
        }
    }
}

/// Chance that is the same in each run (SplitMix64).
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ z >> 30) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ z >> 27) &* 0x94d0_49bb_1331_11eb
        return z ^ z >> 31
    }
}
