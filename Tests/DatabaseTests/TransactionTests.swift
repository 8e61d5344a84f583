import Synchronization
import Testing

@testable import Database

@Suite("Transactions") struct TransactionTests {
    private struct Failure: Error {}

    @Test("are undone when their body throws", arguments: DatabaseEngine.allCases)
    func rollback(_ engine: DatabaseEngine) async throws {
        try await withDatabase(engine) { database in
            try await database.addItem(1)
            await #expect(throws: Failure.self) {
                try await database.write { connection in
                    try connection.execute("DELETE FROM item")
                    throw Failure()
                }
            }
            #expect(try await database.itemCount() == 1)
            #expect(database.statistics.rollbacks == 1)
        }
    }

    @Test(
        "tell which constraint refused them",
        arguments: DatabaseEngine.allCases,
        [
            ("INSERT INTO item (id) VALUES (1)", .unique), ("INSERT INTO item (id, name) VALUES (2, 'one')", .unique),
            ("INSERT INTO item (id, name) VALUES (2, 'bad')", .check), ("INSERT INTO part VALUES (NULL)", .notNull),
            ("INSERT INTO part VALUES (7)", .foreignKey),
        ] as [(String, DatabaseError.Constraint)]
    )
    func constraints(_ engine: DatabaseEngine, _ refused: (String, DatabaseError.Constraint)) async throws {
        try await withDatabase(engine) { database in
            try await database.addItem(1, "one")
            _ = try await database.write { connection in
                try connection.execute("CREATE TABLE part (item INTEGER NOT NULL REFERENCES item (id))")
            }
            await #expect {
                try await database.write { try $0.execute(SQL(trusted: refused.0)) }
            } throws: { error in
                guard let error = error as? DatabaseError else { return false }
                return error.code == .constraint && error.constraint == refused.1
            }
        }
    }

    @Test("show readers only what is committed", arguments: DatabaseEngine.allCases)
    func isolation(_ engine: DatabaseEngine) async throws {
        try await withDatabase(engine) { database in
            let (isWritten, mayCommit) = (Semaphore(), Semaphore())
            async let written: Void = database.write { connection in
                try connection.execute("INSERT INTO item (id) VALUES (1)")
                isWritten.post()
                mayCommit.wait()
            }
            let before = try await database.read { connection in
                isWritten.wait()
                defer { mayCommit.post() }
                return try connection.value("SELECT count(*) FROM item", as: Int.self)
            }
            try await written
            #expect(before == 0)
            #expect(try await database.itemCount() == 1)
        }
    }

    @Test("give a reader one snapshot, whatever is committed meanwhile", arguments: DatabaseEngine.allCases)
    func snapshot(_ engine: DatabaseEngine) async throws {
        try await withDatabase(engine) { database in
            let (hasRead, isCommitted) = (Semaphore(), Semaphore())
            async let counts = database.read { connection in
                let first: Int? = try connection.value("SELECT count(*) FROM item")
                hasRead.post()
                isCommitted.wait()
                return [first, try connection.value("SELECT count(*) FROM item")]
            }
            _ = try await database.write { connection in
                hasRead.wait()
                return try connection.execute("INSERT INTO item (id) VALUES (1)")
            }
            isCommitted.post()
            #expect(try await counts == [0, 0])
        }
    }

    @Test("of readers change nothing", arguments: DatabaseEngine.allCases)
    func readOnly(_ engine: DatabaseEngine) async throws {
        try await withDatabase(engine) { database in
            let code = await errorCode { _ = try await database.read { try $0.execute("DELETE FROM item") } }
            #expect(code == (engine == .sqlite ? .disk : .failed))
        }
    }

    @Test("that wait together are committed together, without those that fail", arguments: DatabaseEngine.allCases)
    func groupCommit(_ engine: DatabaseEngine) async throws {
        try await withDatabase(engine) { database in
            let mayStart = Semaphore()
            let commits = database.statistics.commits
            let started = database.statistics.writer.startedJobs
            async let first: Void = database.write { _ in mayStart.wait() }
            while database.statistics.writer.startedJobs == started { await Task.yield() }
            try await withThrowingTaskGroup(of: Bool.self) { group in
                for id in 0..<100 {
                    group.addTask {
                        await errorCode { try await database.addItem(id, id % 10 == 3 ? "bad" : "item \(id)") } == nil
                    }
                }
                while database.statistics.writer.queueDepth < 100 { await Task.yield() }
                // Twice, because the first job runs again if it shares a transaction with one that fails.
                mayStart.post()
                mayStart.post()
                var successes = 0
                for try await isSuccess in group where isSuccess { successes += 1 }
                #expect(successes == 90)
            }
            try await first
            #expect(try await database.itemCount() == 90)
            #expect(database.statistics.rowsWritten == 90)
            #expect(database.statistics.commits > commits)
        }
    }

    @Test("that wait together cost one commit")
    func oneCommit() async throws {
        try await withSQLite { database in
            let mayStart = Semaphore()
            let commits = database.statistics.commits
            let started = database.statistics.writer.startedJobs
            async let first: Void = database.write { _ in mayStart.wait() }
            while database.statistics.writer.startedJobs == started { await Task.yield() }
            try await withThrowingTaskGroup(of: Void.self) { group in
                for id in 0..<20 { group.addTask { try await database.addItem(id) } }
                while database.statistics.writer.queueDepth < 20 { await Task.yield() }
                mayStart.post()
                try await group.waitForAll()
            }
            try await first
            #expect(try await database.itemCount() == 20)
            // The first took longer than others wait for; how many join the next depends on the machine.
            #expect(database.statistics.commits - commits < 21)
        }
    }

    @Test("of many readers and writers at once agree", arguments: DatabaseEngine.allCases)
    func concurrency(_ engine: DatabaseEngine) async throws {
        try await withDatabase(engine) { database in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for writer in 0..<4 {
                    group.addTask {
                        for round in 0..<25 {
                            _ = try await database.write { connection in
                                // Two rows a transaction, so no reader may ever see an odd number.
                                let id = (writer * 25 + round) * 2
                                try connection.execute("INSERT INTO item (id) VALUES (\(id))")
                                return try connection.execute("INSERT INTO item (id) VALUES (\(id + 1))")
                            }
                        }
                    }
                    group.addTask {
                        for _ in 0..<25 {
                            let count = try await database.itemCount()
                            #expect(count?.isMultiple(of: 2) == true)
                        }
                    }
                }
                try await group.waitForAll()
            }
            #expect(try await database.itemCount() == 200)
        }
    }

    @Test("do not go on behind a statement that failed, even if their body would")
    func ignoredFailure() async throws {
        try await withPostgres { database in
            for isLast in [true, false] {
                await #expect {
                    try await database.write { connection in
                        try connection.execute("INSERT INTO item (id) VALUES (1)")
                        _ = try? connection.execute("INSERT INTO item (id) VALUES (1)")
                        if !isLast { try connection.execute("INSERT INTO item (id) VALUES (2)") }
                    }
                } throws: { error in
                    guard let error = error as? DatabaseError else { return false }
                    return error.message == "an earlier error has ended the transaction"
                        && (error.cause as? DatabaseError)?.constraint == .unique
                }
            }
            let count = try await database.itemCount()
            #expect(count == 0)
        }
    }

    @Test("are undone when the disk is full, and the next one works")
    func fullDisk() async throws {
        try await withSQLite { database in
            _ = try await database.write { try $0.execute("PRAGMA max_page_count = 50") }
            let code = await errorCode {
                _ = try await database.write { connection in
                    for id in 0..<1_000 {
                        let name = String(repeating: "x", count: 1_000) + "\(id)"
                        try connection.execute("INSERT INTO item (id, name) VALUES (\(id), \(name))")
                    }
                }
            }
            #expect(code == .disk)
            try await database.addItem(1)
            #expect(try await database.itemCount() == 1)
        }
    }

    @Test("do not go on behind an error that ended them, even if their body would")
    func ignoredError() async throws {
        try await withSQLite { database in
            _ = try await database.write { try $0.execute("PRAGMA max_page_count = 50") }
            await #expect {
                try await database.write { connection in
                    let name = String(repeating: "x", count: 300_000)
                    _ = try? connection.execute("INSERT INTO item (id, name) VALUES (1, \(name))")
                    return try connection.execute("INSERT INTO item (id) VALUES (2)")
                }
            } throws: { error in
                (error as? DatabaseError)?.message == "an earlier error has ended the transaction"
            }
            let count = try await database.itemCount()
            #expect(count == 0)
        }
    }
}
