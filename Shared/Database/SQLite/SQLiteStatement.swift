import CSQLite

/// A prepared statement; collects a row's values, binds them and steps.
///
/// Confined to its connection's thread.
///
/// Calls and what they return: `sqlite3_prepare_v3` OK or an error with no statement; `sqlite3_bind_…` OK, RANGE or
/// TOOBIG; `sqlite3_step` ROW, DONE or an error; `sqlite3_reset` repeats the error of the last step.
@safe final class SQLiteStatement {
    private let statement: OpaquePointer
    private let connection: OpaquePointer
    let placeholders: Int
    let columns: Int
    /// In use: a query whose rows are being read cannot be started anew.
    private(set) var isRunning = false

    private var bound = 0
    /// The first error of a `sqlite3_bind_…` call.
    private var bindResult = SQLITE_OK
    /// Texts and blobs of the row, behind one byte that keeps the address of an empty one from being null.
    private var bytes: [UInt8] = [0]
    private var pieces: [(column: Int32, range: Range<Int>, isText: Bool)] = []

    /// Throws `.failed` with SQLite's words unless `text` is exactly one statement.
    init(_ text: String, _ connection: OpaquePointer) throws(DatabaseError) {
        var text = text
        var statement: OpaquePointer?
        var isLonger = false
        let result = text.withUTF8 { utf8 in
            var tail: UnsafePointer<CChar>?
            let start = unsafe UnsafeRawPointer(utf8.baseAddress)?.assumingMemoryBound(to: CChar.self)
            let flags = UInt32(SQLITE_PREPARE_PERSISTENT)
            let result = unsafe sqlite3_prepare_v3(connection, start, Int32(utf8.count), flags, &statement, &tail)
            if let start = unsafe start, let tail = unsafe tail {
                let used = unsafe tail - start
                isLonger = unsafe utf8[used...].contains { $0 > UInt8(ascii: " ") && $0 != UInt8(ascii: ";") }
            }
            return result
        }
        guard result == SQLITE_OK else { throw unsafe DatabaseError(sqlite: result, connection) }
        guard let statement = unsafe statement else { throw DatabaseError(.failed, "no statement in \"\(text)\"") }
        guard !isLonger else {
            unsafe sqlite3_finalize(statement)
            throw DatabaseError(.failed, "more than one statement in \"\(text)\"")
        }
        unsafe self.statement = statement
        unsafe self.connection = connection
        placeholders = Int(unsafe sqlite3_bind_parameter_count(statement))
        columns = Int(unsafe sqlite3_column_count(statement))
    }

    deinit { unsafe sqlite3_finalize(statement) }

    /// Runs the statement to its end and hands each of its rows to `body`; then it is as new.
    func run(_ body: () throws -> Void) throws {
        isRunning = true
        defer { reset() }
        // The pointers bound here are SQLite's only until `reset`, and the bytes do not move as long as it runs.
        try unsafe bytes.withUnsafeBufferPointer { bytes in
            unsafe bindPieces(of: bytes)
            while try step() { try body() }
        }
    }

    /// Runs a statement that returns no rows, once.
    func run() throws(DatabaseError) {
        isRunning = true
        defer { reset() }
        try unsafe bytes.withUnsafeBufferPointer { bytes throws(DatabaseError) in
            unsafe bindPieces(of: bytes)
            while try step() {}
        }
    }

    /// Whether there is another row.
    private func step() throws(DatabaseError) -> Bool {
        guard bindResult == SQLITE_OK else { throw unsafe DatabaseError(sqlite: bindResult, connection) }
        guard bound == placeholders else {
            throw DatabaseError(.failed, "\(bound) values for \(placeholders) placeholders")
        }
        switch unsafe sqlite3_step(statement) {
        case SQLITE_ROW: return true
        case SQLITE_DONE: return false
        case let result: throw unsafe DatabaseError(sqlite: result, connection)
        }
    }

    private func bindPieces(of bytes: UnsafeBufferPointer<UInt8>) {
        for piece in pieces {
            let count = Int32(piece.range.count)
            let start = unsafe UnsafeRawPointer(bytes.baseAddress)?.advanced(by: piece.range.lowerBound)
            let result =
                if piece.isText {
                    unsafe sqlite3_bind_text(
                        statement,
                        piece.column,
                        start?.assumingMemoryBound(to: CChar.self),
                        count,
                        nil
                    )
                } else {
                    unsafe sqlite3_bind_blob(statement, piece.column, start, count, nil)
                }
            check(result)
        }
    }

    /// Forgets the row; also one that was not filled in to its end.
    func reset() {
        unsafe sqlite3_reset(statement)
        isRunning = false
        bound = 0
        bindResult = SQLITE_OK
        bytes.removeSubrange(1...)
        pieces.removeAll(keepingCapacity: true)
    }

    private func check(_ result: Int32) {
        if bindResult == SQLITE_OK { bindResult = result }
    }

    private func nextColumn() -> Int32 {
        bound += 1
        return Int32(bound)
    }
}

extension SQLiteStatement: RowWriter {
    func null() { unsafe check(sqlite3_bind_null(statement, nextColumn())) }

    func integer(_ value: Int64) { unsafe check(sqlite3_bind_int64(statement, nextColumn(), value)) }

    func real(_ value: Double) { unsafe check(sqlite3_bind_double(statement, nextColumn(), value)) }

    func text(_ value: String) {
        var value = value
        value.withUTF8 { utf8 in unsafe append(UnsafeRawBufferPointer(utf8), isText: true) }
    }

    func text(utf8: RawSpan) {
        unsafe utf8.withUnsafeBytes { bytes in unsafe append(bytes, isText: true) }
    }

    func blob(_ bytes: RawSpan) {
        unsafe bytes.withUnsafeBytes { bytes in unsafe append(bytes, isText: false) }
    }

    func bind(_ value: SQLValue) {
        switch value {
        case .null: null()
        case .integer(let value): integer(value)
        case .real(let value): real(value)
        case .text(let value): text(value)
        case .blob(let value): blob(value)
        }
    }

    private func append(_ value: UnsafeRawBufferPointer, isText: Bool) {
        let start = bytes.count
        unsafe bytes.append(contentsOf: value)
        pieces.append((nextColumn(), start..<bytes.count, isText))
    }
}

extension SQLiteStatement: DatabaseRow {
    func isNull(_ column: Int) -> Bool { type(column) == SQLITE_NULL }

    func value(_ column: Int) -> SQLValue {
        switch type(column) {
        case SQLITE_INTEGER: .integer(unsafe sqlite3_column_int64(statement, Int32(column)))
        case SQLITE_FLOAT: .real(unsafe sqlite3_column_double(statement, Int32(column)))
        case SQLITE_TEXT: .text(string(column))
        case SQLITE_BLOB: .blob(array(column))
        default: .null
        }
    }

    func integer(_ column: Int) throws(DatabaseError) -> Int64 {
        guard type(column) == SQLITE_INTEGER else { throw mismatch(column, "an integer") }
        return unsafe sqlite3_column_int64(statement, Int32(column))
    }

    func real(_ column: Int) throws(DatabaseError) -> Double {
        let type = type(column)
        guard type == SQLITE_FLOAT || type == SQLITE_INTEGER else { throw mismatch(column, "a number") }
        return unsafe sqlite3_column_double(statement, Int32(column))
    }

    func text(_ column: Int) throws(DatabaseError) -> String {
        guard type(column) == SQLITE_TEXT else { throw mismatch(column, "a text") }
        return string(column)
    }

    func blob(_ column: Int) throws(DatabaseError) -> [UInt8] {
        guard type(column) == SQLITE_BLOB else { throw mismatch(column, "a blob") }
        return array(column)
    }

    func withBytes<T>(_ column: Int, _ body: (RawSpan) throws -> T) rethrows -> T {
        // For a text this is its UTF-8; the pointer holds until the next step, which `body` cannot take.
        let start = unsafe sqlite3_column_blob(statement, Int32(column))
        let count = Int(unsafe sqlite3_column_bytes(statement, Int32(column)))
        return try unsafe body(
            RawSpan(_unsafeBytes: UnsafeRawBufferPointer(start: start, count: start == nil ? 0 : count))
        )
    }

    private func string(_ column: Int) -> String {
        withBytes(column) { bytes in unsafe bytes.withUnsafeBytes { unsafe String(decoding: $0, as: UTF8.self) } }
    }

    private func array(_ column: Int) -> [UInt8] {
        withBytes(column) { bytes in unsafe bytes.withUnsafeBytes { unsafe Array($0) } }
    }

    private func type(_ column: Int) -> Int32 { unsafe sqlite3_column_type(statement, Int32(column)) }

    private func mismatch(_ column: Int, _ expected: StaticString) -> DatabaseError {
        let name = unsafe sqlite3_column_name(statement, Int32(column)).map { unsafe String(cString: $0) } ?? "none"
        return DatabaseError(.failed, "column \(column) (\(name)) is not \(expected)")
    }
}
