extension QuantileSketch {
    private static let version: UInt8 = 1

    /// The sketch in few bytes, about two for each occupied bin.
    ///
    /// Version (1 byte), relative error (8, IEEE 754, little end first), zeros; unless the sketch is empty its smallest
    /// and largest value (8 each), then for the negative and for the positive values: the number of occupied bins, and
    /// for each the distance from the bin before it (the first: from bin 0, zigzag) and its count. Whole numbers are
    /// LEB128.
    public func serialized() -> [UInt8] {
        var bytes = [Self.version]
        bytes.append(littleEndian: relativeError.bitPattern)
        bytes.append(variableLength: zeros)
        bytes.append(variableLength: range == nil ? 0 : 1)
        guard let range else { return bytes }
        bytes.append(littleEndian: range.lowerBound.bitPattern)
        bytes.append(littleEndian: range.upperBound.bitPattern)
        for bins in [negative, positive] { bytes.append(bins) }
        return bytes
    }

    /// Reads what `serialized()` wrote; throws `.malformed` for anything else, whatever the bytes.
    public init(serialized bytes: some Collection<UInt8>) throws(StatisticsError) {
        var reader = SerializedReader(bytes: Array(bytes))
        guard try reader.byte() == Self.version else { throw StatisticsError(.malformed, "an unknown version") }
        let relativeError = Double(bitPattern: try reader.fixed())
        let zeros = try reader.variableLength()
        var range: ClosedRange<Double>?
        var negative = QuantileBins(limit: Self.binLimit)
        var positive = negative
        if try reader.variableLength() == 1 {
            let bounds = (Double(bitPattern: try reader.fixed()), Double(bitPattern: try reader.fixed()))
            guard bounds.0 <= bounds.1 else { throw StatisticsError(.malformed, "the range ends before it starts") }
            range = bounds.0...bounds.1
            negative = try reader.bins()
            positive = try reader.bins()
        }
        guard reader.isAtEnd else { throw StatisticsError(.malformed, "bytes behind the sketch") }
        try self.init(relativeError: relativeError, range: range, zeros: zeros, negative: negative, positive: positive)
    }
}

extension QuantileSketch: Codable {
    /// An array of the bytes of `serialized()`.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(serialized())
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        do {
            self = try QuantileSketch(serialized: container.decode([UInt8].self))
        } catch let error as StatisticsError {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: error.message)
        }
    }
}

extension [UInt8] {
    fileprivate mutating func append(littleEndian value: UInt64) {
        for shift in stride(from: 0, to: 64, by: 8) { append(UInt8(truncatingIfNeeded: value >> UInt64(shift))) }
    }

    fileprivate mutating func append(variableLength value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        append(UInt8(rest))
    }

    fileprivate mutating func append(_ bins: QuantileBins) {
        append(variableLength: UInt64(bins.counts.count { $0 > 0 }))
        var previous = 0
        var isFirst = true
        for (bin, count) in bins.occupied {
            let distance = bin - previous
            append(variableLength: isFirst ? zigzag(distance) : UInt64(distance))
            append(variableLength: count)
            previous = bin
            isFirst = false
        }
    }

    private func zigzag(_ value: Int) -> UInt64 { UInt64(bitPattern: Int64((value << 1) ^ (value >> 63))) }
}

private struct SerializedReader {
    var bytes: [UInt8]
    private var position = 0

    init(bytes: [UInt8]) { self.bytes = bytes }

    var isAtEnd: Bool { position == bytes.count }

    mutating func byte() throws(StatisticsError) -> UInt8 {
        guard position < bytes.count else { throw StatisticsError(.malformed, "the sketch is cut short") }
        defer { position += 1 }
        return bytes[position]
    }

    mutating func fixed() throws(StatisticsError) -> UInt64 {
        var value: UInt64 = 0
        for shift in stride(from: 0, to: 64, by: 8) { value |= UInt64(try byte()) << UInt64(shift) }
        return value
    }

    mutating func variableLength() throws(StatisticsError) -> UInt64 {
        var value: UInt64 = 0
        for shift in stride(from: 0, to: 64, by: 7) {
            let next = try byte()
            let part = UInt64(next & 0x7F)
            guard (part << UInt64(shift)) >> UInt64(shift) == part else { break }
            value |= part << UInt64(shift)
            if next < 0x80 { return value }
        }
        throw StatisticsError(.malformed, "a number of more than 64 bits")
    }

    mutating func bins() throws(StatisticsError) -> QuantileBins {
        let occupied = try variableLength()
        guard occupied <= QuantileSketch.binLimit else { throw StatisticsError(.malformed, "too many bins") }
        var bins = QuantileBins(limit: QuantileSketch.binLimit)
        for index in 0..<occupied {
            let distance = try variableLength()
            let count = try variableLength()
            // The first bin's distance is small in either direction, later ones keep within the limit.
            guard distance < 1 << 32, count > 0 else { throw StatisticsError(.malformed, "no such bin") }
            let bin = index == 0 ? Int(distance >> 1) ^ -Int(distance & 1) : bins.last + Int(distance)
            guard index == 0 || bin > bins.last && bin - bins.first < bins.limit else {
                throw StatisticsError(.malformed, "the bins are out of order or too far apart")
            }
            bins.add(count, to: bin)
        }
        return bins
    }
}
