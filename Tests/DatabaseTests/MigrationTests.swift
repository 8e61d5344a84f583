import Testing

@testable import Database

@Suite("Migrations") struct MigrationTests {
    private static let steps = [
        Migration(1, "targets", ["CREATE TABLE target (id INTEGER PRIMARY KEY)", "INSERT INTO target VALUES (7)"]),
        Migration(2, "names", ["ALTER TABLE target ADD COLUMN name TEXT"]),
        Migration(3, "rules", ["CREATE TABLE rule (id INTEGER PRIMARY KEY)"]),
    ]

    private func withEmptyDatabase(_ body: (SQLiteDatabase) async throws -> Void) async throws {
        let temporary = try TemporaryDatabase()
        let database = try await temporary.open()
        do {
            try await body(database)
        } catch {
            await database.close()
            throw error
        }
        await database.close()
        withExtendedLifetime(temporary) {}
    }

    @Test("run once each, from where the database stands")
    func steps() async throws {
        try await withEmptyDatabase { database in
            #expect(try await database.migrate(Array(Self.steps.prefix(1))) == 1)
            #expect(try await database.migrate(Self.steps) == 2)
            #expect(try await database.migrate(Self.steps) == 0)
            let names = try await database.read { connection in
                try connection.rows("SELECT name, applied_at FROM schema_migration ORDER BY version") { row in
                    let (name, time): (String, Int) = (try row[0], try row[1])
                    #expect(time > 1_700_000_000_000_000)
                    return name
                }
            }
            #expect(names == ["targets", "names", "rules"])
            #expect(try await database.read { try $0.value("SELECT count(*) FROM target") } == 1)
        }
    }

    @Test("of a newer program are refused in clear words")
    func newer() async throws {
        try await withEmptyDatabase { database in
            try await database.migrate(Self.steps)
            await #expect {
                try await database.migrate(Array(Self.steps.prefix(2)))
            } throws: { error in
                guard let error = error as? DatabaseError else { return false }
                return error.code == .newerSchema
                    && error.message == "the database has schema version 3, this program knows 2; run a newer version"
            }
        }
    }

    @Test("that fail leave the steps before them and nothing of their own")
    func failure() async throws {
        try await withEmptyDatabase { database in
            let broken = Migration(2, "broken", ["CREATE TABLE half (id INTEGER)", "CREATE TABLE target (id INTEGER)"])
            let code = await errorCode { try await database.migrate([Self.steps[0], broken]) }
            #expect(code == .failed)
            let (version, halves) = try await database.read { connection in
                (
                    try connection.value("SELECT max(version) FROM schema_migration", as: Int.self),
                    try connection.value("SELECT count(*) FROM sqlite_schema WHERE name = 'half'", as: Int.self)
                )
            }
            #expect(version == 1)
            #expect(halves == 0)
            #expect(try await database.migrate(Self.steps) == 2)
        }
    }

    @Test("that were changed after they ran are found out")
    func renamed() async throws {
        try await withEmptyDatabase { database in
            try await database.migrate(Self.steps)
            let other = [Self.steps[0], Migration(2, "labels", []), Self.steps[2]]
            #expect(await errorCode { try await database.migrate(other) } == .failed)
        }
    }
}
