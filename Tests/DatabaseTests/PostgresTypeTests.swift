import Testing

@testable import Database

@Suite("PostgreSQL types") struct PostgresTypeTests {
    private static let expressions: [(String, SQLValue)] = [
        ("true", 1), ("-7::smallint", -7), ("2147483647::int", 2_147_483_647), ("0.5::real", 0.5),
        ("'NaN'::float8", .real(.nan)), ("'Infinity'::float8", .real(.infinity)), ("12345.678::numeric", 12345.678),
        ("-0.00012::numeric", -0.00012), ("1e30::numeric", 1e30), ("'NaN'::numeric", .real(.nan)),
        ("0::numeric", 0.0), ("'a'::varchar", "a"), ("'a'::name", "a"), ("'{\"a\": 1}'::jsonb", "{\"a\": 1}"),
        ("'{\"a\":1}'::json", "{\"a\":1}"), ("NULL::int", nil), ("'\\x00ff'::bytea", .blob([0, 0xFF])),
        ("'00010203-0405-0607-0809-0a0b0c0d0e0f'::uuid", .blob((0..<16).map { UInt8($0) })),
        ("'1970-01-01 00:00:01.5+00'::timestamptz", 1_500_000), ("'infinity'::timestamptz", .integer(.max)),
        ("sum(x) FROM (VALUES (1::int), (2)) AS t (x)", 3),
    ]

    @Test("are read as what they mean")
    func read() async throws {
        try await withPostgres { database in
            for (expression, expected) in Self.expressions {
                let value: SQLValue? = try await database.read { try $0.value(SQL(trusted: "SELECT \(expression)")) }
                // Not a number equals nothing, itself neither.
                #expect(value.map { "\($0)" } == "\(expected)", "\(expression)")
            }
        }
    }

    @Test("of sums are integers to whom asks for these")
    func sums() async throws {
        try await withPostgres { database in
            for number in [0, 1, -1, 9_999, 10_000, -123_456_789, .max, .min] as [Int64] {
                let sum: Int64? = try await database.read { try $0.value("SELECT sum(\(number))") }
                #expect(sum == number)
            }
            let code = await errorCode { _ = try await database.read { try $0.value("SELECT 1.5", as: Int.self) } }
            #expect(code == .failed)
        }
    }

    @Test("take many rows and give them back", arguments: [true, false])
    func copied(isStaged: Bool) async throws {
        try await withPostgres { database in
            let columns: [(String, [SQLValue])] = [
                ("bigint", [.integer(.min), .integer(.max), nil]), ("int", [1, -2_147_483_648, nil]),
                ("smallint", [2, -32_768, nil]), ("boolean", [1, 0, nil]),
                ("float8", [.real(.infinity), .real(-.leastNonzeroMagnitude), nil]), ("real", [0.5, -0.25, nil]),
                ("text", ["", "é😹", nil]), ("jsonb", ["{\"a\": 1}", "[]", nil]),
                ("bytea", [.blob([]), .blob([0]), nil]),
                ("uuid", [.blob(Array(0..<16)), .blob(Array(repeating: 0xFF, count: 16)), nil]),
                ("timestamptz", [0, .integer(1_763_600_000_123_456), nil]), ("float8", [1.0, 2.0, nil]),
            ]
            let names = columns.indices.map { "c\($0)" }
            let target = InsertTarget(trustedTable: "every \"type\"", columns: names)
            let definitions = zip(names, columns).map { "\($0) \($1.0)" }.joined(separator: ", ")
            _ = try await database.write { connection in
                try connection.execute(
                    SQL(
                        trusted:
                            "CREATE TABLE \"every \"\"type\"\"\" (\(definitions), id serial, k int UNIQUE DEFAULT 1)"
                    )
                )
                if !isStaged { return try connection.execute("ALTER TABLE \"every \"\"type\"\"\" DROP k") }
                return 0
            }
            let rows = isStaged ? 1 : 3
            let inserted = try await database.write { connection in
                // The second time each row is a duplicate by a column that is not among those inserted.
                for _ in 0..<2 where isStaged { _ = try connection.insert(into: target, rows: 1, columns.map(\.1)) }
                return try connection.insert(into: target, rows: 3, columns.map(\.1))
            }
            #expect(inserted.count == (isStaged ? 0 : 3))
            let query = SQL(trusted: "SELECT \(names.joined(separator: ", ")) FROM \"every \"\"type\"\"\" ORDER BY id")
            let found = try await database.read { connection in
                try connection.rows(query) { row in names.indices.map { row.value($0) } }
            }
            #expect(found == (0..<rows).map { row in columns.map { $0.1[row] } })
        }
    }

    @Test(
        "refuse what they cannot hold, with the column's name",
        arguments: [.integer(1 << 40), "a\0b", .blob([1]), 0.5] as [SQLValue]
    )
    func refused(_ value: SQLValue) async throws {
        try await withPostgres { database in
            await #expect {
                try await database.write { connection in
                    try connection.insert(
                        into: InsertTarget("item", [value == "a\0b" ? "name" : "id"]),
                        rows: 1,
                        [[value]]
                    )
                }
            } throws: { error in
                guard let error = error as? DatabaseError else { return false }
                return error.code == .failed && error.message.contains(value == "a\0b" ? "zero byte" : "\"id\"")
            }
        }
    }

    @Test("of errors tell no value")
    func values() async throws {
        try await withPostgres { database in
            for statement in [
                "SELECT \("secret")::int", "INSERT INTO item (id, name) VALUES (1, 'secret'), (1, 'secret')",
            ] as [SQL] {
                let error = await #expect(throws: DatabaseError.self) {
                    _ = try await database.write { try $0.execute(statement) }
                }
                #expect(error?.message.contains("SQLSTATE") == true)
                #expect(error?.message.contains("secret") == false)
            }
        }
    }
}

extension DatabaseConnection {
    /// Rows of values, given column by column.
    fileprivate func insert(into target: InsertTarget, rows: Int, _ columns: [[SQLValue]]) throws -> InsertedRows {
        try insert(into: target, rows: rows, skippingDuplicates: true) { row, index in
            for column in columns {
                switch column[index] {
                case .null: row.null()
                case .integer(let value): row.integer(value)
                case .real(let value): row.real(value)
                case .text(let value): row.text(value)
                case .blob(let value): row.blob(value)
                }
            }
        }
    }
}

@Suite("Placeholders") struct PlaceholderTests {
    @Test(
        "are numbered, wherever a question mark is one",
        arguments: [
            ("SELECT ?, ?", "SELECT $1, $2", 2), ("'?' ?", "'?' $1", 1), ("'it''s ?' ?", "'it''s ?' $1", 1),
            ("\"a?\" = ?", "\"a?\" = $1", 1), ("-- ?\n?", "-- ?\n$1", 1),
            ("/* ? /* ? */ ? */ ?", "/* ? /* ? */ ? */ $1", 1),
            ("E'\\'?' ?", "E'\\'?' $1", 1), ("E'a''\\'?' ?", "E'a''\\'?' $1", 1), ("'\\' ?", "'\\' $1", 1),
            ("$$ ? $$ ?", "$$ ? $$ $1", 1), ("$a$ ? $$ $a$ ?", "$a$ ? $$ $a$ $1", 1), ("a$b$ ? ?", "a$b$ $1 $2", 2),
            ("name'?' ?", "name'?' $1", 1), ("1 - ? / ?", "1 - $1 / $2", 2), ("'open ?", "'open ?", 0),
            ("/* open ?", "/* open ?", 0), ("$$ open ?", "$$ open ?", 0), ("é = ?", "é = $1", 1), ("", "", 0),
        ]
    )
    func numbered(_ source: String, _ text: String, _ count: Int) {
        let placeholders = Placeholders(source)
        #expect(placeholders.text == text)
        #expect(placeholders.count == count)
    }
}
