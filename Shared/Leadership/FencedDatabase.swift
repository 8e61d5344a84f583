import Database

/// A database each of whose writes first passes a check, in the same transaction.
struct FencedDatabase: Database {
    private let base: any Database
    private let check: @Sendable (any DatabaseConnection) throws -> Void

    init(_ base: any Database, _ check: @escaping @Sendable (any DatabaseConnection) throws -> Void) {
        self.base = base
        self.check = check
    }

    var engine: DatabaseEngine { base.engine }
    var statistics: DatabaseStatistics { base.statistics }

    func read<T: Sendable>(
        deadline: ContinuousClock.Instant?,
        _ body: @escaping @Sendable (any DatabaseConnection) throws -> T
    ) async throws -> T {
        try await base.read(deadline: deadline, body)
    }

    func write<T: Sendable>(
        deadline: ContinuousClock.Instant?,
        _ body: @escaping @Sendable (any DatabaseConnection) throws -> T
    ) async throws -> T {
        try await base.write(deadline: deadline) { [check] connection in
            try check(connection)
            return try body(connection)
        }
    }

    func close() async {
        await base.close()
    }
}
