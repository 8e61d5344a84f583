import Testing

@testable import Database

@Suite("Statements") struct StatementTests {
    @Test(
        "give every value back as it was",
        arguments: DatabaseEngine.allCases,
        [
            nil, 0, .integer(.min), .integer(.max), 0.5, .real(-.infinity), .real(.leastNonzeroMagnitude), "", "a",
            "é😹 '\"", .blob([]), .blob([0, 0xFF, 0]), .text(String(repeating: "x", count: 1_000)),
        ] as [SQLValue]
    )
    func values(_ engine: DatabaseEngine, _ value: SQLValue) async throws {
        try await withDatabase(engine) { database in
            let same = try await database.read { try $0.value(SQL("SELECT ?", [value]), as: SQLValue.self) }
            #expect(same == value)
        }
    }

    @Test("keep a zero byte in a text where the engine can, and refuse it where not")
    func zeroByte() async throws {
        try await withSQLite { database in
            let same = try await database.read { try $0.value("SELECT \("a\0b")", as: String.self) }
            #expect(same == "a\0b")
        }
        try await withPostgres { database in
            await #expect {
                try await database.read { try $0.value("SELECT \("a\0b")", as: String.self) }
            } throws: { error in
                (error as? DatabaseError)?.message
                    == "a text holds a zero byte, which PostgreSQL cannot store; make it a blob"
            }
        }
    }

    @Test("take whatever a value holds for a value", arguments: DatabaseEngine.allCases)
    func injection(_ engine: DatabaseEngine) async throws {
        try await withDatabase(engine) { database in
            let names = ["'); DROP TABLE item; --", "$1", "?", "\\'; DELETE FROM item", "\"; --"]
            for (id, name) in names.enumerated() { try await database.addItem(id, name) }
            let same = try await database.read {
                try $0.rows("SELECT name FROM item ORDER BY id") { try $0[0] as String }
            }
            #expect(same == names)
        }
    }

    @Test("run together and tell each one's rows", arguments: DatabaseEngine.allCases)
    func together(_ engine: DatabaseEngine) async throws {
        try await withDatabase(engine) { database in
            let counts = try await database.write { connection in
                try connection.executeAll(
                    (1...300).map { "INSERT INTO item (id, size) VALUES (\($0), \(0.5))" }
                        + ["UPDATE item SET size = 1 WHERE id <= 7", "SELECT 1"]
                )
            }
            #expect(counts == Array(repeating: 1, count: 300) + [7, 0])
            let code = await errorCode {
                _ = try await database.write { connection in
                    try connection.executeAll(["DELETE FROM item", "INSERT INTO item (id) VALUES (1), (1)", "SELECT 1"])
                }
            }
            #expect(code == .constraint)
            #expect(try await database.itemCount() == 300)
        }
    }

    @Test("turn interpolated values into placeholders")
    func interpolation() {
        let ids = [1, 2, 3]
        let name: String? = nil
        let condition: SQL = "enabled = \(true)"
        let sql: SQL = "SELECT * FROM t WHERE id IN (\(list: ids)) AND name = \(name) AND \(condition) AND x = \(1.5)"
        #expect(sql.text == "SELECT * FROM t WHERE id IN (?, ?, ?) AND name = ? AND enabled = ? AND x = ?")
        #expect(sql.values == [1, 2, 3, nil, 1, 1.5])
    }

    @Test("hand out typed columns, and say which column is of another type", arguments: DatabaseEngine.allCases)
    func columns(_ engine: DatabaseEngine) async throws {
        try await withDatabase(engine) { database in
            try await database.addItem(1, "one")
            let items = try await database.read { connection in
                try connection.rows("SELECT id, name, size, size IS NULL FROM item") { row in
                    let (id, name): (Int64, String) = (try row[0], try row[1])
                    let (size, isNull): (Double?, Bool) = (try row[2], try row[3])
                    return "\(id) \(name) \(size == nil) \(isNull) \(row.withBytes(1) { $0.byteCount })"
                }
            }
            #expect(items == ["1 one true true 3"])
            await #expect {
                try await database.read { try $0.value("SELECT name AS label FROM item", as: Int.self) }
            } throws: { error in
                (error as? DatabaseError)?.message == "column 0 (label) is not an integer"
            }
        }
    }

    @Test(
        "are refused in the engine's words",
        arguments: [
            (.sqlite, "SELEC 1", "syntax error"), (.sqlite, "SELECT missing", "no such column"),
            (.sqlite, "SELECT 1; SELECT 2", "more than one statement"),
            (.sqlite, "", "no statement"), (.sqlite, "-- nothing", "no statement"),
            (.sqlite, "SELECT ?", "0 values for 1 placeholders"),
            (.postgres, "SELEC 1", "(SQLSTATE 42601)"), (.postgres, "SELECT missing", "(SQLSTATE 42703)"),
            (.postgres, "SELECT 1; SELECT 2", "multiple commands"),
            (.postgres, "", "no statement"), (.postgres, "-- nothing", "no statement"),
            (.postgres, "SELECT ?", "0 values for 1 placeholders"),
        ] as [(DatabaseEngine, String, String)]
    )
    func refused(_ engine: DatabaseEngine, _ text: String, _ message: String) async throws {
        try await withDatabase(engine) { database in
            await #expect {
                try await database.read { try $0.execute(SQL(trusted: text)) }
            } throws: { error in
                guard let error = error as? DatabaseError else { return false }
                return error.code == .failed && error.message.contains(message)
            }
        }
    }

    @Test("are as new after an error and inside themselves", arguments: DatabaseEngine.allCases)
    func reuse(_ engine: DatabaseEngine) async throws {
        try await withDatabase(engine) { database in
            #expect(await errorCode { try await database.addItem(1, "bad") } == .constraint)
            let pairs = try await database.write { connection in
                for id in 1...3 { try connection.execute("INSERT INTO item (id, name) VALUES (\(id), \("n\(id)"))") }
                var pairs: [[Int]] = []
                try connection.query("SELECT id FROM item ORDER BY id") { outer in
                    let left: Int = try outer[0]
                    pairs += try connection.rows("SELECT id FROM item ORDER BY id") { inner in [left, try inner[0]] }
                }
                return pairs
            }
            #expect(pairs == [[1, 1], [1, 2], [1, 3], [2, 1], [2, 2], [2, 3], [3, 1], [3, 2], [3, 3]])
        }
    }

    @Test("count the rows they change", arguments: DatabaseEngine.allCases)
    func changes(_ engine: DatabaseEngine) async throws {
        try await withDatabase(engine) { database in
            for id in 1...3 { try await database.addItem(id) }
            let counts = try await database.write { connection in
                [
                    try connection.execute("UPDATE item SET size = 1"),
                    try connection.execute("SELECT 1"),
                    try connection.execute("DELETE FROM item WHERE id > 1"),
                    try connection.execute("DELETE FROM item WHERE id > 1"),
                ]
            }
            #expect(counts == [3, 0, 2, 0])
        }
    }
}
