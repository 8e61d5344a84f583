import CPostgres

/// What one command came to: an error, a number of rows, or rows.
@safe final class PostgresResult {
    private let handle: OpaquePointer
    let types: [PostgresType?]

    init(_ handle: OpaquePointer) {
        unsafe self.handle = handle
        types = (0..<(unsafe PQnfields(handle))).map { PostgresType(rawValue: unsafe PQftype(handle, $0)) }
    }

    deinit { unsafe PQclear(handle) }

    private var status: ExecStatusType { unsafe PQresultStatus(handle) }

    var error: DatabaseError? {
        switch status {
        case PGRES_FATAL_ERROR, PGRES_BAD_RESPONSE: unsafe DatabaseError(handle)
        default: nil
        }
    }

    var isEmpty: Bool { status == PGRES_EMPTY_QUERY }
    var isPipelineEnd: Bool { status == PGRES_PIPELINE_SYNC }
    /// The server waits for rows to be copied.
    var wantsRows: Bool { status == PGRES_COPY_IN }

    /// The words that tell what was done, such as `INSERT 0 3`.
    var tag: String { unsafe String(cString: PQcmdStatus(handle)) }

    /// Rows inserted, updated or deleted.
    var changes: Int {
        let tag = tag
        guard !tag.hasPrefix("SELECT"), !tag.hasPrefix("FETCH") else { return 0 }
        return Int(unsafe String(cString: PQcmdTuples(handle))) ?? 0
    }

    var rows: Int { Int(unsafe PQntuples(handle)) }

    func name(_ column: Int) -> String {
        unsafe PQfname(handle, CInt(column)).map { unsafe String(cString: $0) } ?? "none"
    }

    func isNull(_ row: Int, _ column: Int) -> Bool { unsafe PQgetisnull(handle, CInt(row), CInt(column)) == 1 }

    func withBytes<T>(_ row: Int, _ column: Int, _ body: (RawSpan) throws -> T) rethrows -> T {
        let count = Int(unsafe PQgetlength(handle, CInt(row), CInt(column)))
        let start = unsafe UnsafeRawPointer(PQgetvalue(handle, CInt(row), CInt(column)))
        // The bytes are the result's, which outlives the call.
        return try unsafe body(
            RawSpan(_unsafeBytes: UnsafeRawBufferPointer(start: start, count: start == nil ? 0 : count))
        )
    }
}
