import Testing

@testable import Database

@Suite("Statements") struct StatementTests {
    @Test(
        "give every value back as it was",
        arguments: [
            nil, 0, .integer(.min), .integer(.max), 0.5, .real(-.infinity), .real(.leastNonzeroMagnitude), "", "a",
            "é\0😹 '\"",
            .blob([]),
            .blob([0, 0xFF, 0]), .text(String(repeating: "x", count: 1_000)),
        ] as [SQLValue]
    )
    func values(_ value: SQLValue) async throws {
        try await withDatabase { database in
            let (same, type) = try await database.read { connection in
                (
                    try connection.value(SQL("SELECT ?", [value]), as: SQLValue.self),
                    try connection.value("SELECT typeof(\(value))", as: String.self)
                )
            }
            #expect(same == value)
            let types = ["null", "integer", "real", "text", "blob"]
            #expect(types.contains(try #require(type)))
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

    @Test("hand out typed columns, and say which column is of another type")
    func columns() async throws {
        try await withDatabase { database in
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
        "are refused with SQLite's words",
        arguments: [
            ("SELEC 1", "syntax error"), ("SELECT missing", "no such column"),
            ("SELECT 1; SELECT 2", "more than one statement"),
            ("", "no statement"), ("-- nothing", "no statement"), ("SELECT ?", "0 values for 1 placeholders"),
        ]
    )
    func refused(_ text: String, _ message: String) async throws {
        try await withDatabase { database in
            await #expect {
                try await database.read { try $0.execute(SQL(trusted: text)) }
            } throws: { error in
                guard let error = error as? DatabaseError else { return false }
                return error.code == .failed && error.message.contains(message)
            }
        }
    }

    @Test("are as new after an error and inside themselves")
    func reuse() async throws {
        try await withDatabase { database in
            let pairs = try await database.write { connection in
                _ = try? connection.execute("INSERT INTO item (id, name) VALUES (\(1), \("bad"))")
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

    @Test("count the rows they change")
    func changes() async throws {
        try await withDatabase { database in
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
