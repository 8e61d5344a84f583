import CSQLite

/// One connection to a SQLite file; made, used and closed on one thread.
@safe final class SQLiteConnection {
    private static let statementLimit = 200

    private let handle: OpaquePointer
    private var statements: [String: SQLiteStatement] = [:]
    /// The job at work, which SQLite asks now and then whether to go on.
    private var stop: JobStop?

    init(path: String, isReadOnly: Bool = false) throws(DatabaseError) {
        var handle: OpaquePointer?
        // One thread uses the connection, so SQLite needs no mutex.
        let access = isReadOnly ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE
        let result = unsafe sqlite3_open_v2(path, &handle, access | SQLITE_OPEN_NOMUTEX, nil)
        guard result == SQLITE_OK, let handle = unsafe handle else {
            defer { unsafe sqlite3_close_v2(handle) }
            throw unsafe DatabaseError(sqlite: result, handle)
        }
        unsafe self.handle = handle
        unsafe sqlite3_extended_result_codes(handle, 1)
        let context = unsafe Unmanaged.passUnretained(self).toOpaque()
        unsafe sqlite3_progress_handler(
            handle,
            1_000,
            { context in
                guard let context = unsafe context else { return 0 }
                return unsafe Unmanaged<SQLiteConnection>.fromOpaque(context).takeUnretainedValue().stop?.reason == nil
                    ? 0 : 1
            },
            context
        )
    }

    deinit {
        statements = [:]
        unsafe sqlite3_close_v2(handle)
    }

    /// Runs `body` between `begin` and a commit; whatever goes wrong, the transaction ends before this does.
    func transaction<T>(_ begin: SQL, _ body: () throws -> T) throws -> T {
        try execute(begin)
        do {
            let value = try body()
            try execute("COMMIT")
            return value
        } catch {
            // SQLite has rolled back itself after some errors, such as a full disk.
            if isInTransaction { try execute("ROLLBACK") }
            throw error
        }
    }

    /// Writes what is committed into a new file, without what is free; outside of transactions.
    func copy(to path: String) throws {
        let statement = try unsafe SQLiteStatement("VACUUM INTO ?", handle)
        statement.bind(.text(path))
        try statement.run()
    }

    /// Does a job's work; when it fails because it had to stop, the reason for that is thrown.
    func work(_ job: DatabaseJob<SQLiteConnection>) throws -> DatabaseJob<SQLiteConnection>.Answer {
        if let reason = job.stop.reason { throw reason }
        stop = job.stop
        defer { stop = nil }
        do {
            return try job.work(self)
        } catch {
            throw job.stop.reason ?? error
        }
    }

    /// Rows inserted, updated and deleted since the connection was opened, undone ones too.
    var totalChanges: Int { Int(unsafe sqlite3_total_changes64(handle)) }

    private var isInTransaction: Bool { unsafe sqlite3_get_autocommit(handle) == 0 }

    /// The cached statement of this text, or a new one when that is at work.
    private func statement(_ text: String) throws(DatabaseError) -> SQLiteStatement {
        // Had the job ignored the error that ended its transaction, each of its statements would commit by itself.
        guard stop == nil || isInTransaction else {
            throw DatabaseError(.failed, "an earlier error has ended the transaction")
        }
        if let statement = statements[text], !statement.isRunning { return statement }
        let statement = try unsafe SQLiteStatement(text, handle)
        if statements.count >= Self.statementLimit { statements.removeAll() }
        statements[text] = statement
        return statement
    }
}

extension SQLiteConnection: DatabaseConnection {
    var engine: DatabaseEngine { .sqlite }

    @discardableResult
    func execute(_ sql: SQL) throws(DatabaseError) -> Int {
        let statement = try statement(sql.text)
        for value in sql.values { statement.bind(value) }
        let before = totalChanges
        try statement.run()
        return totalChanges - before
    }

    func queryAll(_ queries: [SQL], _ body: (_ query: Int, any DatabaseRow) throws -> Void) throws {
        for (index, query) in queries.enumerated() { try self.query(query) { try body(index, $0) } }
    }

    @discardableResult
    func executeAll(_ statements: [SQL]) throws(DatabaseError) -> [Int] {
        var counts: [Int] = []
        for statement in statements { counts.append(try execute(statement)) }
        return counts
    }

    func enter(tenant: String) {}

    func query(_ sql: SQL, _ body: (any DatabaseRow) throws -> Void) throws {
        let statement = try statement(sql.text)
        for value in sql.values { statement.bind(value) }
        try statement.run { try body(statement) }
    }

    func insert(
        into target: InsertTarget,
        rows: Int,
        skippingDuplicates: Bool,
        _ bind: (any RowWriter, _ index: Int) throws -> Void
    ) throws -> InsertedRows {
        let columns = target.columns.map { "\"\($0)\"" }.joined(separator: ", ")
        let placeholders = repeatElement("?", count: target.columns.count).joined(separator: ", ")
        let end = skippingDuplicates ? " ON CONFLICT DO NOTHING" : ""
        let statement = try statement("INSERT INTO \"\(target.table)\" (\(columns)) VALUES (\(placeholders))\(end)")
        var inserted = InsertedRows(capacity: rows)
        for index in 0..<rows {
            do {
                try bind(statement, index)
            } catch {
                statement.reset()
                throw error
            }
            try statement.run()
            inserted.append(isNew: unsafe sqlite3_changes64(handle) > 0)
        }
        return inserted
    }
}
