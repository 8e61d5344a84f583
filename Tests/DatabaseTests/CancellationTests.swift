import Testing

@testable import Database

@Suite("Stopping") struct CancellationTests {
    /// Counts until it is stopped; it would take hours.
    private static let endless: SQL = """
        WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000000000000) SELECT count(*) FROM n
        """

    @Test("a cancelled task stops its query", arguments: DatabaseEngine.allCases)
    func runningQuery(_ engine: DatabaseEngine) async throws {
        try await withDatabase(engine) { database in
            let isRunning = Flag()
            await withThrowingTaskGroup(of: Int?.self) { group in
                group.addTask {
                    try await database.read { connection in
                        isRunning.raise()
                        return try connection.value(Self.endless)
                    }
                }
                await isRunning.wait()
                group.cancelAll()
                await #expect(throws: CancellationError.self) { try await group.next() }
            }
            let count = try await database.itemCount()
            #expect(count == 0)
        }
    }

    @Test("a cancelled change is undone, and so is nothing else", arguments: DatabaseEngine.allCases)
    func runningChange(_ engine: DatabaseEngine) async throws {
        try await withDatabase(engine) { database in
            let isRunning = Flag()
            await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    _ = try await database.write { connection in
                        try connection.execute("INSERT INTO item (id) VALUES (1)")
                        isRunning.raise()
                        return try connection.value(Self.endless, as: Int.self)
                    }
                }
                await isRunning.wait()
                group.cancelAll()
                await #expect(throws: CancellationError.self) { try await group.next() }
            }
            try await database.addItem(2)
            #expect(try await database.read { try $0.rows("SELECT id FROM item") { try $0[0] as Int } } == [2])
        }
    }

    @Test("a cancelled task does not wait for the jobs before its own", arguments: DatabaseEngine.allCases)
    func waitingJob(_ engine: DatabaseEngine) async throws {
        try await withDatabase(engine) { database in
            let mayEnd = Semaphore()
            let started = database.statistics.writer.startedJobs
            async let first: Void = database.write { _ in mayEnd.wait() }
            while database.statistics.writer.startedJobs == started { await Task.yield() }
            await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await database.addItem(1) }
                while database.statistics.writer.queueDepth < 1 { await Task.yield() }
                group.cancelAll()
                await #expect(throws: CancellationError.self) { try await group.next() }
            }
            #expect(database.statistics.writer.queueDepth == 0)
            mayEnd.post()
            try await first
            #expect(try await database.itemCount() == 0)
        }
    }

    @Test("a task cancelled before it asks is refused", arguments: DatabaseEngine.allCases)
    func cancelledBefore(_ engine: DatabaseEngine) async throws {
        try await withDatabase(engine) { database in
            await withThrowingTaskGroup(of: Void.self) { group in
                group.cancelAll()
                group.addTask { try await database.addItem(1) }
                await #expect(throws: CancellationError.self) { try await group.next() }
            }
        }
    }

    @Test("work ends at its deadline", arguments: DatabaseEngine.allCases)
    func deadline(_ engine: DatabaseEngine) async throws {
        try await withDatabase(engine) { database in
            let deadline = ContinuousClock.now.advanced(by: .milliseconds(20))
            let code = await errorCode {
                _ = try await database.read(deadline: deadline) { try $0.value(Self.endless, as: Int.self) }
            }
            #expect(code == .deadlineExceeded)
            let late = await errorCode { try await database.write(deadline: .now) { _ in } }
            #expect(late == .deadlineExceeded)
        }
    }

    @Test("a full queue answers at once", arguments: DatabaseEngine.allCases)
    func fullQueue(_ engine: DatabaseEngine) async throws {
        try await withDatabase(engine, queueLimit: 2) { database in
            let mayEnd = Semaphore()
            let started = database.statistics.writer.startedJobs
            async let first: Void = database.write { _ in mayEnd.wait() }
            while database.statistics.writer.startedJobs == started { await Task.yield() }
            async let second: Void = database.addItem(1)
            async let third: Void = database.addItem(2)
            while database.statistics.writer.queueDepth < 2 { await Task.yield() }
            #expect(await errorCode { try await database.addItem(3) } == .busy)
            #expect(database.statistics.writer.rejectedJobs == 1)
            mayEnd.post()
            _ = try await (first, second, third)
            #expect(try await database.itemCount() == 2)
        }
    }

    @Test("closing finishes what waits and refuses what comes later", arguments: DatabaseEngine.allCases)
    func close(_ engine: DatabaseEngine) async throws {
        try await withDatabase(engine) { database in
            let mayEnd = Semaphore()
            let started = database.statistics.writer.startedJobs
            async let first: Void = database.write { _ in mayEnd.wait() }
            while database.statistics.writer.startedJobs == started { await Task.yield() }
            async let second: Void = database.addItem(1)
            while database.statistics.writer.queueDepth < 1 { await Task.yield() }
            async let closed: Void = database.close()
            mayEnd.post()
            _ = try await (first, second)
            await closed
            await database.close()
            #expect(await errorCode { try await database.addItem(2) } == .failed)
            #expect(await errorCode { _ = try await database.itemCount() } == .failed)
        }
    }
}
