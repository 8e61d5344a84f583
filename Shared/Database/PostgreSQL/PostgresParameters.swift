/// The values of a statement's placeholders, as the protocol sends them in binary.
struct PostgresParameters {
    /// The protocol counts them in sixteen bits.
    private static let limit = 65_535

    /// Of each value, 0 for one that is null and may be of any type.
    let types: [UInt32]
    private let ranges: [Range<Int>?]
    /// All values, behind one byte that keeps the address of an empty one from being null.
    private let bytes: [UInt8]

    init(_ values: [SQLValue]) throws(DatabaseError) {
        guard values.count <= Self.limit else {
            throw DatabaseError(.failed, "\(values.count) values for one statement; \(Self.limit) are the most")
        }
        var (types, ranges, bytes): ([UInt32], [Range<Int>?], [UInt8]) = ([], [], [0])
        for value in values {
            let start = bytes.count
            types.append(try Self.append(value, to: &bytes).rawValue)
            ranges.append(value == .null ? nil : start..<bytes.count)
        }
        (self.types, self.ranges, self.bytes) = (types, ranges, bytes)
    }

    private static func append(_ value: SQLValue, to bytes: inout [UInt8]) throws(DatabaseError) -> PostgresType {
        switch value {
        case .null: return .any
        case .integer(let value):
            bytes.append(bigEndian: value)
            return .int8
        case .real(let value):
            bytes.append(bigEndian: value.bitPattern)
            return .float8
        case .text(let value):
            guard !value.utf8.contains(0) else { throw .zeroByte }
            bytes += value.utf8
            return .text
        case .blob(let value):
            bytes += value
            return .bytea
        }
    }

    func withTypes<T>(
        _ body: (UnsafeBufferPointer<UInt32>) throws(DatabaseError) -> T
    ) throws(DatabaseError) -> T {
        try unsafe types.withUnsafeBufferPointer { types throws(DatabaseError) in unsafe try body(types) }
    }

    /// Hands out what libpq takes: addresses, lengths, and for each a 1 that says binary.
    func withPointers<T>(
        _ body: (Int, [UnsafePointer<CChar>?], [CInt], [CInt]) throws(DatabaseError) -> T
    ) throws(DatabaseError) -> T {
        try unsafe bytes.withUnsafeBufferPointer { bytes throws(DatabaseError) in
            let start = unsafe UnsafeRawPointer(bytes.baseAddress)?.assumingMemoryBound(to: CChar.self)
            let values = unsafe ranges.map { range in unsafe range.flatMap { unsafe start?.advanced(by: $0.lowerBound) }
            }
            let lengths = ranges.map { CInt($0?.count ?? 0) }
            return unsafe try body(ranges.count, values, lengths, Array(repeating: 1, count: ranges.count))
        }
    }
}

extension DatabaseError {
    static var zeroByte: DatabaseError {
        DatabaseError(.failed, "a text holds a zero byte, which PostgreSQL cannot store; make it a blob")
    }
}

extension [UInt8] {
    mutating func append(bigEndian value: some FixedWidthInteger) {
        unsafe Swift.withUnsafeBytes(of: value.bigEndian) { unsafe append(contentsOf: $0) }
    }
}
