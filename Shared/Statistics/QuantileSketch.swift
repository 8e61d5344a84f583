import Glibc

/// Quantiles of any number of values in little memory, each within a fixed relative error.
///
/// Sketches of parts merge into exactly the sketch of the whole, in any order. Values of either sign and zero are
/// welcome; magnitudes below `smallestMagnitude` count as zero. The bound holds as long as the values of one sign span
/// less than a factor of 10¹⁷ (at one percent); beyond that the smallest magnitudes lose their accuracy first.
///
/// Source: Masson, Rim, Lee: DDSketch, a fast and fully-mergeable quantile sketch with relative-error guarantees,
/// PVLDB 12 (2019).
public struct QuantileSketch: Equatable, Sendable {
    /// The most bins a sketch holds for the values of one sign.
    public static let binLimit = 2_048
    public static let smallestMagnitude = 1e-9
    /// The bounds that a sketch may be asked to keep.
    static let relativeErrors = 0.005...0.25

    /// The bound: a quantile of true value `x` is reported within `x ± relativeError × |x|`.
    public let relativeError: Double
    /// Values added.
    public private(set) var count: UInt64 = 0
    /// The smallest and the largest value; `nil` when there is none.
    public private(set) var range: ClosedRange<Double>?

    private(set) var zeros: UInt64 = 0
    private(set) var positive = QuantileBins(limit: binLimit)
    private(set) var negative = QuantileBins(limit: binLimit)
    private let logGamma: Double

    /// An empty sketch; `relativeError` lies in 0.005...0.25.
    public init(relativeError: Double = 0.01) {
        precondition(Self.relativeErrors.contains(relativeError), "no sketch keeps this bound")
        self.relativeError = relativeError
        logGamma = log((1 + relativeError) / (1 - relativeError))
    }

    /// Adds a finite value.
    public mutating func add(_ value: Double) {
        precondition(value.isFinite, "a sketch holds numbers")
        count += 1
        range = range.map { min($0.lowerBound, value)...max($0.upperBound, value) } ?? value...value
        if value.magnitude < Self.smallestMagnitude {
            zeros += 1
        } else if value > 0 {
            positive.add(1, to: bin(value))
        } else {
            negative.add(1, to: bin(-value))
        }
    }

    /// Adds all values of `other`; throws `.incompatible` when it keeps another bound.
    public mutating func merge(_ other: QuantileSketch) throws(StatisticsError) {
        guard relativeError == other.relativeError else {
            throw StatisticsError(.incompatible, "the sketches keep different bounds")
        }
        guard let otherRange = other.range else { return }
        range =
            range.map {
                min($0.lowerBound, otherRange.lowerBound)...max($0.upperBound, otherRange.upperBound)
            } ?? otherRange
        count += other.count
        zeros += other.zeros
        positive.merge(other.positive)
        negative.merge(other.negative)
    }

    /// The value below which the fraction `q` (0...1) of all values lies; `nil` when there is no value.
    public func quantile(_ q: Double) -> Double? {
        precondition((0...1).contains(q), "a quantile is a fraction")
        guard let range else { return nil }
        if q == 0 { return range.lowerBound }
        if q == 1 { return range.upperBound }
        let rank = min(UInt64(q * Double(count - 1)), count - 1)
        return min(max(value(atRank: rank), range.lowerBound), range.upperBound)
    }

    /// How many values lie up to each of some ascending bounds, and above the one before; greater ones are left out.
    public func counts(upTo bounds: [Double]) -> [UInt64] {
        var counts = [UInt64](repeating: 0, count: bounds.count)
        var index = 0
        func add(_ value: Double, _ count: UInt64) {
            // A bin stands for values around its middle; what lies on a bound belongs below it.
            while index < bounds.count, value > bounds[index] * (1 + relativeError) { index += 1 }
            if index < bounds.count { counts[index] += count }
        }
        for bin in negative.occupied.reversed() { add(-magnitude(bin.number), bin.count) }
        if zeros > 0 { add(0, zeros) }
        for bin in positive.occupied { add(magnitude(bin.number), bin.count) }
        return counts
    }

    private func value(atRank rank: UInt64) -> Double {
        var below: UInt64 = 0
        for bin in negative.occupied.reversed() {
            below += bin.count
            if below > rank { return -magnitude(bin.number) }
        }
        below += zeros
        if below > rank { return 0 }
        for bin in positive.occupied {
            below += bin.count
            if below > rank { return magnitude(bin.number) }
        }
        preconditionFailure("a rank is less than the count")
    }

    /// The bin that holds a magnitude of at least `smallestMagnitude`.
    func bin(_ magnitude: Double) -> Int { Int((log(magnitude) / logGamma).rounded(.up)) }

    /// The value that is off by the same ratio from both ends of a bin.
    private func magnitude(_ bin: Int) -> Double { exp(Double(bin) * logGamma) * (1 - relativeError) }
}

extension QuantileSketch {
    /// A sketch of given contents; throws `.malformed` when no values could have made it.
    init(
        relativeError: Double,
        range: ClosedRange<Double>?,
        zeros: UInt64,
        negative: QuantileBins,
        positive: QuantileBins
    ) throws(StatisticsError) {
        guard Self.relativeErrors.contains(relativeError) else {
            throw StatisticsError(.malformed, "no sketch keeps this bound")
        }
        self.init(relativeError: relativeError)
        count = zeros
        for bins in [negative, positive] {
            for bin in bins.occupied {
                let (sum, overflow) = count.addingReportingOverflow(bin.count)
                guard !overflow else { throw StatisticsError(.malformed, "more values than can be counted") }
                count = sum
            }
        }
        self.zeros = zeros
        self.negative = negative
        self.positive = positive
        self.range = range
        guard isConsistent else { throw StatisticsError(.malformed, "the range does not fit the counts") }
    }

    private var isConsistent: Bool {
        guard let range else { return count == 0 }
        let bins = bin(Self.smallestMagnitude)...bin(.greatestFiniteMagnitude)
        return count > 0 && range.lowerBound.isFinite && range.upperBound.isFinite
            && (negative.occupied.isEmpty || range.lowerBound < 0)
            && (positive.occupied.isEmpty || range.upperBound > 0)
            && [negative, positive].allSatisfy { part in
                [part.occupied.first, part.occupied.last].allSatisfy { $0.map { bins.contains($0.number) } ?? true }
            }
    }
}
