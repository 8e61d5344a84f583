public import Packing

extension QuantileSketch {
    private static let version: UInt8 = 1

    /// The sketch in few bytes, about two for each occupied bin.
    ///
    /// Version (1 byte), relative error (8), whether there are values, and if so the smallest and the largest (8 each)
    /// and what `pack` writes.
    public func serialized() -> [UInt8] {
        var writer = PackedWriter()
        writer.byte(Self.version)
        writer.real(relativeError)
        writer.byte(range == nil ? 0 : 1)
        if let range {
            writer.real(range.lowerBound)
            writer.real(range.upperBound)
            pack(into: &writer)
        }
        return writer.bytes
    }

    /// Reads what `serialized()` wrote; throws `.malformed` for anything else, whatever the bytes.
    public init(serialized bytes: some Collection<UInt8>) throws(StatisticsError) {
        do {
            var reader = PackedReader(Array(bytes))
            guard try reader.byte() == Self.version else { throw StatisticsError(.malformed, "an unknown version") }
            let relativeError = try reader.real()
            if try reader.byte() == 1 {
                let (least, most) = (try reader.real(), try reader.real())
                guard least <= most else { throw StatisticsError(.malformed, "the range ends before it starts") }
                try self.init(packed: &reader, relativeError: relativeError, range: least...most)
            } else {
                try self.init(relativeError: relativeError, range: nil, zeros: 0, negative: .none, positive: .none)
            }
            guard reader.isAtEnd else { throw StatisticsError(.malformed, "bytes behind the sketch") }
        } catch let error as StatisticsError {
            throw error
        } catch {
            throw StatisticsError(.malformed, "the sketch cannot be read")
        }
    }

    /// Writes the counts: zeros, then for the negative and for the positive values the number of occupied bins, and of
    /// each the distance from the bin before it (of the first, from bin 0) and its count.
    ///
    /// What is left out, whoever reads them has to know: the relative error and the range.
    public func pack(into writer: inout PackedWriter) {
        writer.number(zeros)
        for bins in [negative, positive] { bins.pack(into: &writer) }
    }

    /// Reads what `pack` wrote of a sketch that is not empty.
    ///
    /// Throws `StatisticsError` when no values could have made it, or `PackingError` when it is none.
    public init(packed reader: inout PackedReader, relativeError: Double = 0.01, range: ClosedRange<Double>) throws {
        let zeros = try reader.number()
        let negative = try QuantileBins(packed: &reader)
        let positive = try QuantileBins(packed: &reader)
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

extension QuantileBins {
    fileprivate static var none: Self { Self(limit: QuantileSketch.binLimit) }

    fileprivate func pack(into writer: inout PackedWriter) {
        writer.number(occupied.count)
        var previous: Int?
        for bin in occupied {
            if let previous { writer.number(bin.number - previous) } else { writer.signed(Int64(bin.number)) }
            writer.number(bin.count)
            previous = bin.number
        }
    }

    fileprivate init(packed reader: inout PackedReader) throws {
        self.init(limit: QuantileSketch.binLimit)
        let occupied = try reader.count(upTo: QuantileSketch.binLimit)
        var (first, last) = (0, 0)
        for index in 0..<occupied {
            // The first bin's number is small in either direction, later ones keep within the limit.
            let bin = index == 0 ? Int(try reader.signed()) : last + (try reader.count(upTo: limit))
            let count = try reader.number()
            guard bin.magnitude < 1 << 32, count > 0 else { throw StatisticsError(.malformed, "no such bin") }
            if index == 0 { first = bin }
            guard index == 0 || bin > last && bin - first < limit else {
                throw StatisticsError(.malformed, "the bins are out of order or too far apart")
            }
            add(count, to: bin)
            last = bin
        }
    }
}
