/// Writes rows in the binary form of `COPY` (PostgreSQL's manual, COPY, "Binary Format").
final class CopyEncoder {
    private let columns: [CopyTable.Column]
    private let isNumbered: Bool
    private(set) var bytes: [UInt8] = []
    private var rowStart = 0
    private var column = 0
    private var failure: DatabaseError?

    /// `isNumbered` writes a row's number before its first column.
    init(_ columns: [CopyTable.Column], isNumbered: Bool, capacity: Int) {
        self.columns = columns
        self.isNumbered = isNumbered
        bytes.reserveCapacity(capacity)
        bytes += "PGCOPY\n".utf8
        bytes += [0xFF, 0x0D, 0x0A, 0]
        append(UInt32(0))
        append(UInt32(0))
    }

    func startRow(_ number: Int) {
        rowStart = bytes.count
        column = 0
        failure = nil
        append(UInt16(columns.count + (isNumbered ? 1 : 0)))
        if isNumbered { append(8, UInt64(number)) }
    }

    /// Throws, and takes the row back, when it has values that its columns do not take.
    func endRow() throws(DatabaseError) {
        if failure == nil, column != columns.count {
            failure = DatabaseError(.failed, "\(column) values for \(columns.count) columns")
        }
        guard let failure else { return }
        bytes.removeSubrange(rowStart...)
        throw failure
    }

    func end() { append(UInt16.max) }

    /// Forgets what has been sent.
    func clear() { bytes.removeAll(keepingCapacity: true) }

    private func append(_ value: some FixedWidthInteger) {
        bytes.append(bigEndian: value)
    }

    /// A value with its length before it, in one piece.
    private func append(_ length: UInt32, _ value: UInt64) {
        unsafe withUnsafeTemporaryAllocation(byteCount: 12, alignment: 1) { piece in
            unsafe piece.storeBytes(of: length.bigEndian, as: UInt32.self)
            unsafe piece.storeBytes(of: value.bigEndian, toByteOffset: 4, as: UInt64.self)
            unsafe bytes.append(contentsOf: piece)
        }
    }

    private func append(_ length: UInt32, _ value: UInt32) {
        append(length)
        append(value)
    }

    /// Every value goes through here first.
    private func nextColumn() -> CopyTable.Column? {
        defer { column += 1 }
        return column < columns.count ? columns[column] : nil
    }

    private func refuse(_ column: CopyTable.Column, _ value: StaticString) {
        if failure == nil { failure = DatabaseError(.failed, "column \"\(column.name)\" cannot take \(value)") }
    }
}

extension CopyEncoder: RowWriter {
    func null() {
        guard nextColumn() != nil else { return }
        append(UInt32.max)
    }

    func integer(_ value: Int64) {
        guard let column = nextColumn() else { return }
        switch column.type {
        case .int8: append(8, UInt64(bitPattern: value))
        case .int4:
            guard let value = Int32(exactly: value) else { return refuse(column, "an integer of this size") }
            append(4, UInt32(bitPattern: value))
        case .int2:
            guard let value = Int16(exactly: value) else { return refuse(column, "an integer of this size") }
            append(UInt32(2))
            append(value)
        case .bool:
            append(UInt32(1))
            bytes.append(value == 0 ? 0 : 1)
        case .float8: append(8, Double(value).bitPattern)
        case .float4: append(4, Float(value).bitPattern)
        case .timestamptz, .timestamp: append(8, UInt64(bitPattern: Self.since2000(value)))
        default: refuse(column, "an integer")
        }
    }

    /// The least and the greatest number stay the infinite past and future.
    private static func since2000(_ microseconds: Int64) -> Int64 {
        guard microseconds > .min + PostgresType.epochOffset, microseconds != .max else { return microseconds }
        return microseconds - PostgresType.epochOffset
    }

    func real(_ value: Double) {
        guard let column = nextColumn() else { return }
        switch column.type {
        case .float8: append(8, value.bitPattern)
        case .float4: append(4, Float(value).bitPattern)
        default: refuse(column, "a real number")
        }
    }

    func text(_ value: String) {
        var value = value
        value.withUTF8 { utf8 in unsafe append(UnsafeRawBufferPointer(utf8)) }
    }

    func text(utf8: RawSpan) {
        unsafe utf8.withUnsafeBytes { utf8 in unsafe append(utf8) }
    }

    private func append(_ utf8: UnsafeRawBufferPointer) {
        guard let column = nextColumn() else { return }
        switch column.type {
        case .text, .varchar, .bpchar, .name, .json: append(UInt32(utf8.count))
        case .jsonb:
            append(UInt32(utf8.count + 1))
            bytes.append(1)
        default: return refuse(column, "a text")
        }
        guard unsafe !utf8.contains(0) else { return failure = failure ?? .zeroByte }
        unsafe bytes.append(contentsOf: utf8)
    }

    func blob(_ value: RawSpan) {
        guard let column = nextColumn() else { return }
        guard column.type == .bytea || (column.type == .uuid && value.byteCount == 16) else {
            return refuse(column, "a blob of this size")
        }
        append(UInt32(value.byteCount))
        unsafe value.withUnsafeBytes { unsafe bytes.append(contentsOf: $0) }
    }
}
