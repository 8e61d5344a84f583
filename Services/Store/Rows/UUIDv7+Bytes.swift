import Contracts

extension UUIDv7 {
    /// Sixteen bytes in network order, which sort as UUIDs do.
    init?(bytes: RawSpan) {
        guard bytes.byteCount == 16 else { return nil }
        var words: (UInt64, UInt64) = (0, 0)
        for index in 0..<8 {
            words.0 = words.0 << 8 | UInt64(unsafe bytes.unsafeLoad(fromByteOffset: index, as: UInt8.self))
            words.1 = words.1 << 8 | UInt64(unsafe bytes.unsafeLoad(fromByteOffset: index + 8, as: UInt8.self))
        }
        self.init(high: words.0, low: words.1)
    }

    var bytes: [UInt8] {
        [high, low].flatMap { word in
            stride(from: 56, through: 0, by: -8).map { UInt8(truncatingIfNeeded: word >> UInt64($0)) }
        }
    }
}
