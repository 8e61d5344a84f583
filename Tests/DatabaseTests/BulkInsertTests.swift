import Testing

@testable import Database

@Suite("Bulk insertion") struct BulkInsertTests {
    private struct Failure: Error {}

    private static let table = InsertTarget("item", ["id", "name", "size"])

    private func insert(_ ids: [Int], into database: any Database, skippingDuplicates: Bool) async throws
        -> InsertedRows
    {
        try await database.write { connection in
            try connection.insert(into: Self.table, rows: ids.count, skippingDuplicates: skippingDuplicates) {
                row,
                index in
                row.integer(ids[index])
                row.text("item \(ids[index])")
                row.real(index.isMultiple(of: 2) ? 0.5 : nil)
            }
        }
    }

    @Test("says exactly which rows were new", arguments: DatabaseEngine.allCases)
    func duplicates(_ engine: DatabaseEngine) async throws {
        try await withDatabase(engine) { database in
            // Some are there already, some come twice.
            let known = Array(stride(from: 0, to: 300, by: 3))
            _ = try await insert(known, into: database, skippingDuplicates: false)
            let ids = (0..<500).map { $0 * 7 % 400 }
            let inserted = try await insert(ids, into: database, skippingDuplicates: true)
            var seen = Set(known)
            let expected = ids.map { seen.insert($0).inserted }
            #expect(ids.indices.map(inserted.contains) == expected)
            #expect(inserted.count == expected.count { $0 })
            #expect(try await database.itemCount() == seen.count)
            #expect(try await insert(ids, into: database, skippingDuplicates: true).count == 0)
        }
    }

    @Test("tells rows apart that another one than the key refuses", arguments: DatabaseEngine.allCases)
    func otherKeys(_ engine: DatabaseEngine) async throws {
        try await withDatabase(engine) { database in
            try await database.addItem(3, "z")
            let rows: [(Int, String?, Bool)] = [
                (1, "a", true), (1, "b", false), (2, "a", false), (2, "c", true), (2, "c", false), (4, "z", false),
                (4, nil, true), (4, nil, false), (5, nil, true), (3, nil, false), (6, "b", true),
            ]
            let inserted = try await database.write { connection in
                try connection.insert(into: Self.table, rows: rows.count, skippingDuplicates: true) { row, index in
                    row.integer(rows[index].0)
                    row.text(rows[index].1)
                    row.null()
                }
            }
            #expect(rows.indices.map(inserted.contains) == rows.map(\.2))
        }
    }

    @Test("happens more than once in a transaction", arguments: DatabaseEngine.allCases)
    func twice(_ engine: DatabaseEngine) async throws {
        try await withDatabase(engine) { database in
            let counts = try await database.write { connection in
                try [0..<10, 5..<15, 0..<15, 10..<20].map { ids in
                    try connection.insert(into: Self.table, rows: ids.count, skippingDuplicates: true) { row, index in
                        row.integer(ids.lowerBound + index)
                        row.null()
                        row.null()
                    }.count
                }
            }
            #expect(counts == [10, 5, 0, 5])
            #expect(try await database.itemCount() == 20)
        }
    }

    @Test("fails as a whole at a duplicate that is not to be skipped", arguments: DatabaseEngine.allCases)
    func noDuplicates(_ engine: DatabaseEngine) async throws {
        try await withDatabase(engine) { database in
            #expect(
                await errorCode { _ = try await insert([1, 2, 1], into: database, skippingDuplicates: false) }
                    == .constraint
            )
            let count = try await database.itemCount()
            #expect(count == 0)
        }
    }

    @Test("skips duplicates and nothing else that is refused", arguments: DatabaseEngine.allCases)
    func otherConstraints(_ engine: DatabaseEngine) async throws {
        try await withDatabase(engine) { database in
            let code = await errorCode {
                _ = try await database.write { connection in
                    try connection.insert(into: Self.table, rows: 1, skippingDuplicates: true) { row, _ in
                        row.integer(1)
                        row.text("bad")
                        row.null()
                    }
                }
            }
            #expect(code == .constraint)
        }
    }

    @Test("starts each row anew when its values fail half-way", arguments: DatabaseEngine.allCases)
    func failure(_ engine: DatabaseEngine) async throws {
        try await withDatabase(engine) { database in
            let inserted = try await database.write { connection in
                let target = Self.table
                _ = try? connection.insert(into: target, rows: 1, skippingDuplicates: true) { row, _ in
                    row.integer(1)
                    throw Failure()
                }
                return try connection.insert(into: target, rows: 1, skippingDuplicates: true) { row, _ in
                    row.integer(2)
                    unsafe row.text(utf8: "é".utf8.span.bytes)
                    row.real(1)
                }
            }
            #expect(inserted.count == 1)
            #expect(try await database.read { try $0.value("SELECT name FROM item WHERE id = 2") } == "é")
        }
    }

    @Test("refuses a row with too few values or too many", arguments: DatabaseEngine.allCases, [2, 4])
    func wrongCount(_ engine: DatabaseEngine, count: Int) async throws {
        try await withDatabase(engine) { database in
            let code = await errorCode {
                _ = try await database.write { connection in
                    try connection.insert(into: Self.table, rows: 1, skippingDuplicates: true) { row, _ in
                        for value in 0..<count { row.integer(value) }
                    }
                }
            }
            #expect(code == .failed)
        }
    }
}
