import CSQLite

extension DatabaseError {
    /// What a result code of SQLite means, with the connection's own words for it.
    init(sqlite result: Int32, _ handle: OpaquePointer?) {
        let text =
            if let handle = unsafe handle, let message = unsafe sqlite3_errmsg(handle) {
                unsafe String(cString: message)
            } else {
                unsafe String(cString: sqlite3_errstr(result))
            }
        let code: Code =
            switch result & 0xFF {
            case SQLITE_CONSTRAINT: .constraint
            case SQLITE_BUSY, SQLITE_LOCKED: .busy
            case SQLITE_FULL, SQLITE_IOERR, SQLITE_CANTOPEN, SQLITE_READONLY, SQLITE_PERM: .disk
            case SQLITE_CORRUPT, SQLITE_NOTADB: .corrupt
            default: .failed
            }
        self.init(code, "\(text) (SQLite \(result))", constraint: Constraint(sqlite: result))
    }
}

extension DatabaseError.Constraint {
    fileprivate init?(sqlite result: Int32) {
        // Extended codes are macros of expressions, which Swift does not import: sqlite.org/rescode.html.
        switch result {
        case SQLITE_CONSTRAINT | 8 << 8, SQLITE_CONSTRAINT | 6 << 8, SQLITE_CONSTRAINT | 10 << 8: self = .unique
        case SQLITE_CONSTRAINT | 3 << 8: self = .foreignKey
        case SQLITE_CONSTRAINT | 5 << 8: self = .notNull
        case SQLITE_CONSTRAINT | 1 << 8: self = .check
        default: return nil
        }
    }
}
