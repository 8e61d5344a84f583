import Synchronization
import TestServers
import Testing

@testable import Database

@Suite("PostgreSQL transactions") struct PostgresConflictTests {
    /// Changes two rows in an order; the first time it waits in between.
    private func change(
        _ order: [Int],
        in database: PostgresDatabase,
        _ inBetween: @escaping @Sendable () -> Void
    ) async throws -> Int {
        let attempts = Atomic(0)
        try await database.write { connection in
            try connection.execute("UPDATE item SET size = coalesce(size, 0) + 1 WHERE id = \(order[0])")
            if attempts.add(1, ordering: .relaxed).newValue == 1 { inBetween() }
            try connection.execute("UPDATE item SET size = coalesce(size, 0) + 1 WHERE id = \(order[1])")
        }
        return attempts.load(ordering: .relaxed)
    }

    @Test("that lock each other out both succeed in the end")
    func deadlock() async throws {
        try await withPostgres { database in
            for id in 1...2 { try await database.addItem(id) }
            let (first, second) = (Semaphore(), Semaphore())
            async let one = change([1, 2], in: database) {
                first.post()
                second.wait()
            }
            async let other = change([2, 1], in: database) {
                second.post()
                first.wait()
            }
            // One of them at least had to try again.
            #expect(try await one + other >= 3)
            let sizes = try await database.read { try $0.rows("SELECT size FROM item") { try $0[0] as Double } }
            #expect(sizes == [2, 2])
        }
    }

    @Test("do not mind that a table has changed since a statement was prepared")
    func stalePlan() async throws {
        try await withPostgres { database in
            try await database.addItem(1, "one")
            let query: SQL = "SELECT * FROM item"
            for _ in 0..<3 { _ = try await database.read { try $0.rows(query) { try $0[0] as Int } } }
            let rows = InsertTarget("item", ["id", "size"])
            let insert: @Sendable (any DatabaseConnection, Int) throws -> InsertedRows = { connection, id in
                try connection.insert(into: rows, rows: 1, skippingDuplicates: true) { row, _ in
                    row.integer(id)
                    row.real(1.5)
                }
            }
            _ = try await database.write { try insert($0, 2) }
            _ = try await database.write { connection in
                try connection.executeAll([
                    "ALTER TABLE item ALTER COLUMN id TYPE BIGINT", "ALTER TABLE item ALTER COLUMN size TYPE REAL",
                ])
            }
            #expect(try await database.read { try $0.rows(query) { try $0[0] as Int } }.count == 2)
            #expect(try await database.write { try insert($0, 3) }.count == 1)
        }
    }

    @Test("keep no more statements than they may, and forget those that failed")
    func statementLimit() async throws {
        try await withPostgres(PostgresSettings(readers: 1, writers: 1, statementLimit: 10)) { database in
            for number in 0..<50 {
                let query = SQL(trusted: "SELECT ? + \(number)", [.integer(1)])
                #expect(try await database.write { try $0.value(query) } == number + 1)
                #expect(
                    await errorCode { _ = try await database.write { try $0.execute("SELECT missing") } } == .failed
                )
            }
            let kept: Int? = try await database.write { try $0.value("SELECT count(*) FROM pg_prepared_statements") }
            #expect(try #require(kept) <= 10)
        }
    }

    @Test("that say nothing do not bother the server")
    func silence() async throws {
        try await withPostgres { database in
            try await database.write { _ in }
            try await database.write { try $0.enter(tenant: "nobody") }
            #expect(try await database.itemCount() == 0)
        }
    }

    @Test("live in the schema of their service, which is made once")
    func schema() async throws {
        try await withPostgres { database in
            let name: String = try #require(try await database.read { try $0.value("SELECT current_database()") })
            let url = try PostgresURL(PostgresServer.shared().url(name))
            let settings = PostgresSettings(readers: 1, writers: 2, schema: "a \"store\"")
            for step in 0..<2 {
                try await closing(try await PostgresDatabase.open(url, settings)) { store in
                    try await store.migrate([Migration(1, "rows", ["CREATE TABLE item (id INTEGER)"])])
                    #expect(try await store.itemCount() == step)
                    try await store.write { _ = try $0.execute("INSERT INTO item VALUES (1)") }
                }
            }
            #expect(try await database.itemCount() == 0)
        }
    }
}
