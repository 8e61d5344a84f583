/// The types whose binary form is known: `pg_type.dat` numbers them, once and for all.
enum PostgresType: UInt32 {
    case any = 0
    case bool = 16
    case bytea = 17
    case name = 19
    case int8 = 20
    case int2 = 21
    case int4 = 23
    case text = 25
    case oid = 26
    case json = 114
    case float4 = 700
    case float8 = 701
    case unknown = 705
    case bpchar = 1042
    case varchar = 1043
    case timestamp = 1114
    case timestamptz = 1184
    case numeric = 1700
    case void = 2278
    case uuid = 2950
    case jsonb = 3802

    /// Microseconds from 1970 to 2000, where PostgreSQL's times begin.
    static let epochOffset: Int64 = 946_684_800_000_000
}

/// A `numeric` as it is sent: digits to the base of 10,000, of which the first counts 10,000 to the `weight`.
struct PostgresNumeric {
    let weight: Int
    let isNegative: Bool
    let scale: Int
    let digits: [Int]
    /// Set for what is not a number of digits: infinity, or not a number at all.
    let special: Double?

    /// `nil` when the bytes are no such value.
    init?(_ bytes: RawSpan) {
        let count = bytes.byteCount / 2
        guard bytes.byteCount >= 8, bytes.byteCount.isMultiple(of: 2) else { return nil }
        let words = (0..<count).map { bytes.bigEndian(UInt16.self, at: $0 * 2) }
        guard Int(words[0]) == count - 4 else { return nil }
        weight = Int(Int16(bitPattern: words[1]))
        isNegative = words[2] == 0x4000
        special =
            switch words[2] {
            case 0xC000: .nan
            case 0xD000: .infinity
            case 0xF000: -.infinity
            default: nil
            }
        scale = Int(words[3])
        digits = words[4...].map(Int.init)
    }

    var real: Double {
        if let special { return special }
        let text = digits.map { String($0 + 10_000).dropFirst() }.joined()
        let exponent = (weight - digits.count + 1) * 4
        return Double("\(isNegative ? "-" : "")\(text.isEmpty ? "0" : text)e\(exponent)") ?? .nan
    }

    /// The value when it is a whole number, by its type and not only by chance, and fits.
    var integer: Int64? {
        guard special == nil, scale == 0, digits.count <= weight + 1 || digits.isEmpty else { return nil }
        guard !digits.isEmpty else { return 0 }
        let text = digits.map { String($0 + 10_000).dropFirst() }.joined()
        return Int64((isNegative ? "-" : "") + text + String(repeating: "0000", count: weight + 1 - digits.count))
    }
}

extension RawSpan {
    func bigEndian<T: FixedWidthInteger & BitwiseCopyable>(_ type: T.Type, at offset: Int = 0) -> T {
        T(bigEndian: unsafe unsafeLoadUnaligned(fromByteOffset: offset, as: type))
    }
}
