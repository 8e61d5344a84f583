import Packing

/// How latencies are packed: most are whole thousandths or millionths of a millisecond, and few digits then.
enum LatencyForm: UInt8 {
    /// Eight bytes each.
    case exact = 0
    /// One more than their number of thousandths, or of millionths; 0 for one that is missing.
    case thousandths = 1
    case millionths = 2

    /// Greater ones are not told apart by a `Double`.
    private static let limit = 1e15

    var scale: Double { self == .thousandths ? 1e3 : 1e6 }

    /// The whole number that stands for a latency; `nil` when none does exactly.
    func whole(_ latency: Double) -> UInt64? {
        let scaled = (latency * scale).rounded()
        guard latency.sign == .plus, scaled < Self.limit, (scaled / scale).bitPattern == latency.bitPattern else {
            return nil
        }
        return UInt64(scaled)
    }

    /// The form that takes the fewest bytes, with the latencies in it.
    static func best(for latencies: [Double]) -> (form: Self, wholes: [UInt64]) {
        for form in [Self.thousandths, .millionths] {
            var wholes: [UInt64] = []
            wholes.reserveCapacity(latencies.count)
            for latency in latencies {
                if latency.isNaN {
                    wholes.append(0)
                } else if let whole = form.whole(latency) {
                    wholes.append(whole + 1)
                } else {
                    break
                }
            }
            if wholes.count == latencies.count { return (form, wholes) }
        }
        return (.exact, [])
    }
}

extension PackedWriter {
    /// NaN stands for one that is missing.
    mutating func latencies(_ latencies: [Double]) {
        let (form, wholes) = LatencyForm.best(for: latencies)
        byte(form.rawValue)
        if form == .exact {
            for latency in latencies { real(latency) }
        } else {
            for whole in wholes { number(whole) }
        }
    }
}

extension PackedReader {
    mutating func latencies(_ count: Int) throws(PackingError) -> [Double] {
        guard let form = LatencyForm(rawValue: try byte()) else {
            throw PackingError(.malformed, "latencies of an unknown form")
        }
        var latencies: [Double] = []
        latencies.reserveCapacity(count)
        for _ in 0..<count {
            guard form != .exact else {
                latencies.append(try real())
                continue
            }
            let whole = try number()
            latencies.append(whole == 0 ? .nan : Double(whole - 1) / form.scale)
        }
        return latencies
    }
}
