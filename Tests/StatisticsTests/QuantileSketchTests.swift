import Glibc
import Testing

@testable import Statistics

@Suite("A quantile sketch") struct QuantileSketchTests {
    enum Distribution: CaseIterable {
        case uniform, exponential, pareto, twoPeaks, constant, withZeros, bothSigns, wide

        func sample(_ random: inout SeededGenerator) -> Double {
            let unit = Double.random(in: Double.leastNonzeroMagnitude..<1, using: &random)
            switch self {
            case .uniform: return unit * 250
            case .exponential: return -log(unit) * 20
            case .pareto: return pow(unit, -1 / 1.5)
            case .twoPeaks: return Bool.random(using: &random) ? 0.05 + unit / 100 : 900 + unit
            case .constant: return 42
            case .withZeros: return unit < 0.3 ? 0 : unit
            case .bothSigns: return (unit - 0.4) * 1_000
            case .wide: return pow(10, unit * 15 - 8)
            }
        }
    }

    private static let quantiles = [0, 0.01, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 0.999, 1]

    private func values(_ distribution: Distribution, count: Int = 20_000, seed: UInt64 = 7) -> [Double] {
        var random = SeededGenerator(seed: seed)
        return (0..<count).map { _ in distribution.sample(&random) }
    }

    private func sketch(_ values: some Sequence<Double>, relativeError: Double = 0.01) -> QuantileSketch {
        var sketch = QuantileSketch(relativeError: relativeError)
        for value in values { sketch.add(value) }
        return sketch
    }

    @Test("keeps its bound against the exact quantile", arguments: Distribution.allCases, [0.01, 0.02, 0.1])
    func bound(_ distribution: Distribution, relativeError: Double) throws {
        let values = values(distribution).sorted()
        let sketch = sketch(values, relativeError: relativeError)
        for quantile in Self.quantiles {
            let exact = values[Int(quantile * Double(values.count - 1))]
            let estimate = try #require(sketch.quantile(quantile))
            #expect(
                abs(estimate - exact) <= relativeError * abs(exact) * (1 + 1e-9),
                "\(quantile): \(estimate) for \(exact)"
            )
        }
    }

    @Test("of parts, merged in any order, is the sketch of the whole", arguments: Distribution.allCases)
    func merging(_ distribution: Distribution) throws {
        let values = values(distribution, count: 3_000)
        let parts = [values[..<1_000], values[1_000..<1_100], values[1_100...], []].map { sketch($0) }
        var (forward, backward) = (QuantileSketch(), QuantileSketch())
        for part in parts { try forward.merge(part) }
        for part in parts.reversed() { try backward.merge(part) }
        #expect(forward == sketch(values))
        #expect(backward == forward)
    }

    @Test("has no quantile when it is empty")
    func empty() throws {
        #expect(QuantileSketch().quantile(0.5) == nil)
        #expect(try QuantileSketch(serialized: QuantileSketch().serialized()) == QuantileSketch())
    }

    @Test("counts what is too small to measure as zero")
    func tiny() {
        let sketch = sketch([0, -0.0, 1e-12, -1e-12, .leastNonzeroMagnitude, 5])
        #expect(sketch.zeros == 5)
        #expect(sketch.quantile(0.5) == 0)
        #expect(sketch.quantile(1) == 5)
    }

    @Test("stays within its bins and keeps its bound for large values when all magnitudes come")
    func collapse() throws {
        let exponents = stride(from: -8.5, to: 300, by: 0.01)
        let values = exponents.map { pow(10, $0) }
        for order in [values, values.reversed()] {
            let sketch = sketch(order)
            let bins = sketch.positive.occupied
            #expect(try #require(bins.last).number - #require(bins.first).number < QuantileSketch.binLimit)
            #expect(sketch.count == UInt64(values.count))
            #expect(sketch == self.sketch(values))
            let exact = values[Int(0.99 * Double(values.count - 1))]
            #expect(abs(try #require(sketch.quantile(0.99)) - exact) <= 0.0101 * exact)
        }
        #expect(sketch([1e-9, .greatestFiniteMagnitude]).quantile(1) == .greatestFiniteMagnitude)
    }

    @Test("keeps and merges bins as a table of all counts would, whose lowest become one")
    func bins() {
        var random = SeededGenerator(seed: 5)
        let limit = 8
        for _ in 0..<2_000 {
            var (bins, tables) = ([QuantileBins(limit: limit), QuantileBins(limit: limit)], [[Int: UInt64](), [:]])
            for part in 0..<2 {
                for _ in 0..<Int.random(in: 0...12, using: &random) {
                    let bin = Int.random(in: -12...12, using: &random)
                    bins[part].add(2, to: bin)
                    tables[part].add(2, to: bin, limit)
                }
            }
            bins[0].merge(bins[1])
            for (bin, count) in tables[1].sorted(by: { $0.key > $1.key }) { tables[0].add(count, to: bin, limit) }
            #expect(bins[0].occupied.map(\.number) == tables[0].keys.sorted())
            #expect(bins[0].occupied.allSatisfy { tables[0][$0.number] == $0.count })
        }
    }

    @Test("does not merge with one of another bound")
    func incompatible() {
        var sketch = QuantileSketch()
        #expect(throws: StatisticsError(.incompatible, "the sketches keep different bounds")) {
            try sketch.merge(QuantileSketch(relativeError: 0.02))
        }
    }

    @Test("comes back from its bytes", arguments: Distribution.allCases)
    func serialization(_ distribution: Distribution) throws {
        let sketch = sketch(values(distribution, count: 1_000))
        let bytes = sketch.serialized()
        #expect(try QuantileSketch(serialized: bytes) == sketch)
        #expect(bytes.count < 2_000)
        for length in 0..<bytes.count {
            #expect(throws: StatisticsError.self) { try QuantileSketch(serialized: bytes[..<length]) }
        }
        #expect(throws: StatisticsError.self) { try QuantileSketch(serialized: bytes + [0]) }
    }

    @Test("survives bytes of any kind")
    func hostile() {
        var random = SeededGenerator(seed: 3)
        let original = sketch(values(.bothSigns, count: 50)).serialized()
        for _ in 0..<3_000 {
            var bytes = original
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
            }
            guard var sketch = try? QuantileSketch(serialized: bytes) else { continue }
            #expect(sketch.quantile(0.5)?.isFinite == true)
            #expect(sketch.negative.occupied.count + sketch.positive.occupied.count <= 2 * QuantileSketch.binLimit)
            sketch.add(1e300)
            sketch.add(-1e300)
        }
    }

    @Test(
        "refuses counts that no addition made",
        arguments: [
            [], [2], [1], [1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
            // A bound of zero, of infinity; more zeros than a range; a number of 70 bits.
            [1] + [UInt8](repeating: 0, count: 10), [1, 0, 0, 0, 0, 0, 0, 0xF0, 0x7F, 0, 0],
            [1, 0x7B, 0x14, 0xAE, 0x47, 0xE1, 0x7A, 0x84, 0x3F, 5, 0],
            [1, 0x7B, 0x14, 0xAE, 0x47, 0xE1, 0x7A, 0x84, 0x3F] + [UInt8](repeating: 0xFF, count: 10),
        ] as [[UInt8]]
    )
    func malformed(_ bytes: [UInt8]) {
        #expect(throws: StatisticsError.self) { try QuantileSketch(serialized: bytes) }
    }
}

extension [Int: UInt64] {
    /// Adds to a bin of a table that spans so many at the most, counted from its highest.
    fileprivate mutating func add(_ count: UInt64, to bin: Int, _ limit: Int) {
        self[bin, default: 0] += count
        let lowest = (keys.max() ?? bin) - limit + 1
        for (low, count) in self where low < lowest {
            self[low] = nil
            self[lowest, default: 0] += count
        }
    }
}
