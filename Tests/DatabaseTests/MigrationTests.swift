import Testing

@testable import Database

@Suite("Migrations") struct MigrationTests {
    private static let steps = [
        Migration(1, "targets", ["CREATE TABLE target (id INTEGER PRIMARY KEY)", "INSERT INTO target VALUES (7)"]),
        Migration(2, "names", ["ALTER TABLE target ADD COLUMN name TEXT"]),
        Migration(3, "rules", ["CREATE TABLE rule (id INTEGER PRIMARY KEY)"]),
    ]

    @Test("run once each, from where the database stands", arguments: DatabaseEngine.allCases)
    func steps(_ engine: DatabaseEngine) async throws {
        try await withDatabase(engine) { database in
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

    @Test("of a newer program are refused in clear words", arguments: DatabaseEngine.allCases)
    func newer(_ engine: DatabaseEngine) async throws {
        try await withDatabase(engine) { database in
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

    @Test("that fail leave the steps before them and nothing of their own", arguments: DatabaseEngine.allCases)
    func failure(_ engine: DatabaseEngine) async throws {
        try await withDatabase(engine) { database in
            let broken = Migration(2, "broken", ["CREATE TABLE half (id INTEGER)", "CREATE TABLE target (id INTEGER)"])
            let code = await errorCode { try await database.migrate([Self.steps[0], broken]) }
            #expect(code == .failed)
            let version: Int? = try await database.read { try $0.value("SELECT max(version) FROM schema_migration") }
            #expect(version == 1)
            let half = await errorCode { _ = try await database.read { try $0.execute("SELECT id FROM half") } }
            #expect(half == .failed)
            #expect(try await database.migrate(Self.steps) == 2)
        }
    }

    @Test("that were changed after they ran are found out", arguments: DatabaseEngine.allCases)
    func renamed(_ engine: DatabaseEngine) async throws {
        try await withDatabase(engine) { database in
            try await database.migrate(Self.steps)
            let other = [Self.steps[0], Migration(2, "labels", []), Self.steps[2]]
            #expect(await errorCode { try await database.migrate(other) } == .failed)
        }
    }

    @Test("may be in other words for each engine", arguments: DatabaseEngine.allCases)
    func words(_ engine: DatabaseEngine) async throws {
        try await withDatabase(engine) { database in
            let step = Migration(
                1,
                "notes",
                sqlite: ["CREATE TABLE note (text TEXT)", "INSERT INTO note VALUES ('a file')"],
                postgres: ["CREATE TABLE note (text TEXT)", "INSERT INTO note VALUES ('a server')"]
            )
            try await database.migrate([step])
            let note: String? = try await database.read { try $0.value("SELECT text FROM note") }
            #expect(note == (engine == .sqlite ? "a file" : "a server"))
        }
    }

    @Test("of programs that start at once run once")
    func atOnce() async throws {
        try await withPostgres(PostgresSettings(writers: 4)) { database in
            let steps = try await withThrowingTaskGroup(of: Int.self) { group in
                for _ in 0..<4 { group.addTask { try await database.migrate(Self.steps) } }
                return try await group.reduce(0, +)
            }
            #expect(steps == 3)
            #expect(try await database.read { try $0.value("SELECT count(*) FROM target") } == 1)
        }
    }
}
