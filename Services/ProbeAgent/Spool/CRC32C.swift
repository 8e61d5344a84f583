/// The Castagnoli CRC of 32 bits (RFC 3720, appendix B.4), eight bytes a step.
struct CRC32C: Sendable {
    /// Eight tables of 256, end to end: table `n` moves a byte's remainder on by `n` bytes.
    private static let tables: [UInt32] = {
        var tables = [UInt32](repeating: 0, count: 8 * 256)
        for byte in 0..<256 {
            var remainder = UInt32(byte)
            for _ in 0..<8 { remainder = remainder >> 1 ^ (remainder & 1 == 1 ? 0x82F6_3B78 : 0) }
            tables[byte] = remainder
        }
        for index in 256..<tables.count {
            let before = tables[index - 256]
            tables[index] = before >> 8 ^ tables[Int(before & 0xff)]
        }
        return tables
    }()

    private var remainder: UInt32 = .max

    init() {}

    var value: UInt32 { ~remainder }

    static func of(_ bytes: Span<UInt8>) -> UInt32 {
        var crc = CRC32C()
        crc.update(bytes)
        return crc.value
    }

    mutating func update(_ bytes: Span<UInt8>) {
        let tables = Self.tables.span
        var state = remainder
        var index = 0
        while index + 8 <= bytes.count {
            let word = unsafe bytes.bytes.unsafeLoadUnaligned(fromByteOffset: index, as: UInt64.self).littleEndian
            let (low, high) = (state ^ UInt32(truncatingIfNeeded: word), UInt32(word >> 32))
            let first = tables[1_792 + Int(low & 0xff)] ^ tables[1_536 + Int(low >> 8 & 0xff)]
            let second = tables[1_280 + Int(low >> 16 & 0xff)] ^ tables[1_024 + Int(low >> 24)]
            let third = tables[768 + Int(high & 0xff)] ^ tables[512 + Int(high >> 8 & 0xff)]
            let fourth = tables[256 + Int(high >> 16 & 0xff)] ^ tables[Int(high >> 24)]
            state = first ^ second ^ third ^ fourth
            index += 8
        }
        while index < bytes.count {
            state = state >> 8 ^ tables[Int((state ^ UInt32(bytes[index])) & 0xff)]
            index += 1
        }
        remainder = state
    }
}
