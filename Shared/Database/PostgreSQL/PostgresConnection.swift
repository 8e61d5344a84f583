/// One connection to a server, and the transaction that a job has on it; used on one thread.
final class PostgresConnection {
    let link: PostgresLink
    private var statements: PreparedStatements
    /// The columns of tables that rows were copied into.
    var copyTables: [InsertTarget: CopyTable] = [:]
    /// Commands that go out with the next ones, since nobody waits for what comes of them.
    private var waiting: [PostgresCommand] = []
    /// Whether the server knows of the transaction.
    private var hasBegun = false
    private var hasTimeout = false
    /// What ended the transaction, whatever its job makes of it.
    private(set) var failure: DatabaseError?
    /// The connection was lost while the transaction was being committed.
    private(set) var isOutcomeUnknown = false
    private(set) var rowsChanged = 0
    /// Makes the names of temporary tables differ.
    var copies = 0

    init(_ link: PostgresLink, statementLimit: Int) {
        self.link = link
        statements = PreparedStatements(limit: statementLimit)
    }

    /// Begins a job's transaction; the server hears of it with the first statement.
    func begin(_ start: String, _ stop: JobStop) {
        link.start(stop)
        failure = nil
        isOutcomeUnknown = false
        rowsChanged = 0
        copies = 0
        hasBegun = false
        waiting = [.run(start)]
        hasTimeout = stop.deadline != nil
        if let deadline = stop.deadline {
            // For a server that hears nothing from us any more.
            waiting.append(.run("SET LOCAL statement_timeout = \(max(deadline.pollMilliseconds, 1))"))
        }
    }

    /// Makes the transaction durable; throws when it was not, or when that is unknown.
    func commit() throws(DatabaseError) {
        try checkAlive()
        guard hasBegun else { return discardWaiting() }
        // A time that is over while standbys confirm the commit would make it look done.
        if hasTimeout { waiting.append(.run("SET LOCAL statement_timeout = 0")) }
        waiting.append(.run("COMMIT"))
        link.startCommit()
        do throws(DatabaseError) {
            let tag = try send([]).last?.tag
            guard tag == "COMMIT" else { throw DatabaseError(.failed, "the transaction was not committed") }
        } catch {
            guard link.isBroken else { throw error }
            isOutcomeUnknown = true
            var lost = DatabaseError(
                .unavailable,
                "the connection was lost during a commit, and whether that was done is not known",
                cause: error
            )
            lost.isOutcomeUnknown = true
            throw lost
        }
    }

    /// Undoes what was done; afterwards the connection is ready for another job, or broken.
    func rollBack() {
        discardWaiting()
        guard hasBegun, !link.isBroken else { return }
        do {
            try link.startRollback()
            if link.isInTransaction { _ = try link.run([.run("ROLLBACK")]) }
        } catch {
            // A connection that cannot even do this is of no more use.
            link.giveUp()
        }
    }

    /// Sends what waits and `commands` in one round trip, and returns the results of `commands`.
    func send(_ commands: [PostgresCommand]) throws(DatabaseError) -> ArraySlice<PostgresResult> {
        let all = waiting + commands
        waiting = []
        do {
            try checkAlive()
        } catch {
            forget(all[...])
            throw error
        }
        hasBegun = true
        do {
            return try link.run(all).suffix(max(commands.count, 1))
        } catch {
            forget(all.dropFirst(link.completed))
            failure = error
            throw error
        }
    }

    /// Has a command go out with the next ones.
    func sendLater(_ command: PostgresCommand) { waiting.append(command) }

    /// The text of what waits, when all of it is text without values; it is sent now when not.
    func takeWaitingText() throws(DatabaseError) -> [String] {
        try checkAlive()
        var texts: [String] = []
        for case .run(let text) in waiting { texts.append(text) }
        if texts.count < waiting.count {
            _ = try send([])
            return []
        }
        waiting = []
        hasBegun = true
        return texts
    }

    /// Notes what ended the transaction.
    func fail(_ error: DatabaseError) { failure = error }

    /// Goes on where the transaction was when its savepoint was made.
    func returnTo(_ savepoint: String) {
        failure = nil
        waiting = [.run("ROLLBACK TO SAVEPOINT \(savepoint)"), .run("RELEASE SAVEPOINT \(savepoint)")]
    }

    func countChanges(_ rows: Int) { rowsChanged += rows }

    func run(_ statements: [SQL]) throws(DatabaseError) -> [PostgresResult] {
        var commands: [PostgresCommand] = []
        var last: [Int] = []
        for statement in statements {
            do {
                commands += try self.statements.commands(for: statement)
            } catch {
                forget(commands[...])
                throw error
            }
            last.append(commands.count - 1)
        }
        let results = try send(commands)
        return last.map { results[results.startIndex + $0] }
    }

    /// Throws when a statement failed before, and its error was ignored.
    private func checkAlive() throws(DatabaseError) {
        guard let failure else { return }
        throw DatabaseError(.failed, "an earlier error has ended the transaction", cause: failure)
    }

    private func discardWaiting() {
        forget(waiting[...])
        waiting = []
    }

    /// Forgets the statements that commands were to prepare, and did not.
    private func forget(_ commands: ArraySlice<PostgresCommand>) {
        for case .prepare(let name, _, _) in commands { statements.forget(name) }
    }
}

extension PostgresConnection: DatabaseConnection {
    var engine: DatabaseEngine { .postgres }

    @discardableResult
    func execute(_ sql: SQL) throws(DatabaseError) -> Int { try executeAll([sql])[0] }

    @discardableResult
    func executeAll(_ statements: [SQL]) throws(DatabaseError) -> [Int] {
        guard !statements.isEmpty else { return [] }
        let results = try run(statements)
        for (result, statement) in zip(results, statements) where result.isEmpty {
            throw DatabaseError(.failed, "no statement in \"\(statement.text)\"")
        }
        let counts = results.map(\.changes)
        rowsChanged += counts.reduce(0, +)
        return counts
    }

    func enter(tenant: String) throws(DatabaseError) {
        // Empty is what the setting is when nobody was entered.
        guard !tenant.isEmpty else { throw DatabaseError(.failed, "a tenant has a name") }
        let setting: SQL = "SELECT set_config('sonde.tenant', \(tenant), true)"
        for command in try statements.commands(for: setting) { sendLater(command) }
    }

    func query(_ sql: SQL, _ body: (any DatabaseRow) throws -> Void) throws {
        try queryAll([sql]) { _, row in try body(row) }
    }

    func queryAll(_ queries: [SQL], _ body: (_ query: Int, any DatabaseRow) throws -> Void) throws {
        guard !queries.isEmpty else { return }
        for (number, result) in try run(queries).enumerated() {
            guard !result.isEmpty else {
                throw DatabaseError(.failed, "no statement in \"\(queries[number].text)\"")
            }
            let row = PostgresRow(result)
            for index in 0..<result.rows {
                row.index = index
                try body(number, row)
            }
            rowsChanged += result.changes
        }
    }
}
