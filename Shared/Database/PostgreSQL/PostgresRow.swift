/// One row after another of a result, read from its binary form.
final class PostgresRow {
    private let result: PostgresResult
    var index = 0

    init(_ result: PostgresResult) { self.result = result }

    private func type(_ column: Int) -> PostgresType? {
        result.types.indices.contains(column) ? result.types[column] : nil
    }

    private func mismatch(_ column: Int, _ expected: StaticString) -> DatabaseError {
        DatabaseError(.failed, "column \(column) (\(result.name(column))) is not \(expected)")
    }

    /// An integer of whatever width, a truth value as 0 or 1, a time as microseconds since 1970.
    private func wholeNumber(_ column: Int) -> Int64? {
        guard !isNull(column) else { return nil }
        return result.withBytes(index, column) { bytes -> Int64? in
            switch type(column) {
            case .int8: bytes.bigEndian(Int64.self)
            case .int4: Int64(bytes.bigEndian(Int32.self))
            case .int2: Int64(bytes.bigEndian(Int16.self))
            case .oid: Int64(bytes.bigEndian(UInt32.self))
            case .bool: Int64(bytes.bigEndian(UInt8.self))
            case .timestamptz, .timestamp: Self.sinceEpoch(bytes.bigEndian(Int64.self))
            default: nil
            }
        }
    }

    /// The infinite past and future stay the least and the greatest number.
    private static func sinceEpoch(_ microseconds: Int64) -> Int64 {
        guard microseconds != .min, microseconds != .max else { return microseconds }
        return microseconds + PostgresType.epochOffset
    }

    private func fraction(_ column: Int) -> Double? {
        guard !isNull(column) else { return nil }
        return result.withBytes(index, column) { bytes -> Double? in
            switch type(column) {
            case .float8: Double(bitPattern: bytes.bigEndian(UInt64.self))
            case .float4: Double(Float(bitPattern: bytes.bigEndian(UInt32.self)))
            case .numeric: PostgresNumeric(bytes)?.real
            default: nil
            }
        }
    }

    private func string(_ column: Int) -> String? {
        guard !isNull(column) else { return nil }
        switch type(column) {
        case .text, .varchar, .bpchar, .name, .json, .jsonb, .unknown, .void:
            return withBytes(column) { bytes in
                unsafe bytes.withUnsafeBytes { unsafe String(decoding: $0, as: UTF8.self) }
            }
        default: return nil
        }
    }

    private func array(_ column: Int) -> [UInt8] {
        withBytes(column) { bytes in unsafe bytes.withUnsafeBytes { unsafe Array($0) } }
    }
}

extension PostgresRow: DatabaseRow {
    func isNull(_ column: Int) -> Bool { result.isNull(index, column) }

    func value(_ column: Int) -> SQLValue {
        if isNull(column) { return .null }
        if let integer = wholeNumber(column) { return .integer(integer) }
        if let real = fraction(column) { return .real(real) }
        if let text = string(column) { return .text(text) }
        return .blob(array(column))
    }

    func integer(_ column: Int) throws(DatabaseError) -> Int64 {
        if let integer = wholeNumber(column) { return integer }
        // A sum of integers is a numeric.
        if type(column) == .numeric, !isNull(column),
            let integer = result.withBytes(index, column, { PostgresNumeric($0)?.integer })
        {
            return integer
        }
        throw mismatch(column, "an integer")
    }

    func real(_ column: Int) throws(DatabaseError) -> Double {
        if let real = fraction(column) { return real }
        if let integer = wholeNumber(column) { return Double(integer) }
        throw mismatch(column, "a number")
    }

    func text(_ column: Int) throws(DatabaseError) -> String {
        guard let text = string(column) else { throw mismatch(column, "a text") }
        return text
    }

    func blob(_ column: Int) throws(DatabaseError) -> [UInt8] {
        guard !isNull(column), type(column) == .bytea || type(column) == .uuid else {
            throw mismatch(column, "a blob")
        }
        return array(column)
    }

    func withBytes<T>(_ column: Int, _ body: (RawSpan) throws -> T) rethrows -> T {
        // A byte that says how the text is written stands before it.
        let skipped = type(column) == .jsonb ? 1 : 0
        return try result.withBytes(index, column) { bytes in
            try body(bytes.extracting(min(skipped, bytes.byteCount)..<bytes.byteCount))
        }
    }
}
