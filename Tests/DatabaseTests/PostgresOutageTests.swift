import Synchronization
import TestServers
import Testing

@testable import Database

@Suite("A PostgreSQL server", .serialized) struct PostgresOutageTests {
    /// Tries until it works, as the callers of a server that comes back do.
    private func persist<T>(_ body: () async throws -> T) async throws -> T {
        while true {
            do {
                return try await body()
            } catch let error as DatabaseError where error.code == .unavailable {
                await Task.yield()
            }
        }
    }

    @Test("that was killed and started again between two jobs is not missed")
    func restart() async throws {
        let server = try PostgresServer()
        try await withPostgres(on: server) { database in
            try await database.addItem(1)
            server.kill()
            try server.start()
            try await database.addItem(2)
            #expect(try await database.itemCount() == 2)
        }
    }

    @Test("that is killed inside of a transaction undoes it, and the job runs again")
    func killedInside() async throws {
        let server = try PostgresServer()
        try await withPostgres(on: server) { database in
            let attempts = Atomic(0)
            _ = try await database.write { connection in
                try connection.execute("INSERT INTO item (id) VALUES (1)")
                if attempts.add(1, ordering: .relaxed).newValue == 1 {
                    server.kill()
                    try server.start()
                }
                return try connection.execute("INSERT INTO item (id) VALUES (2)")
            }
            #expect(attempts.load(ordering: .relaxed) == 2)
            #expect(try await database.itemCount() == 2)
        }
    }

    @Test("that is killed under rows that are copied gets them again")
    func killedUnderCopy() async throws {
        let server = try PostgresServer()
        try await withPostgres(on: server) { database in
            let attempts = Atomic(0)
            let inserted = try await database.write { connection in
                try connection.insert(
                    into: InsertTarget("item", ["id", "name"]),
                    rows: 20_000,
                    skippingDuplicates: true
                ) { row, index in
                    if index == 10_000, attempts.add(1, ordering: .relaxed).newValue == 1 {
                        server.kill()
                        try server.start()
                    }
                    row.integer(index)
                    row.text("item \(index)")
                }
            }
            #expect(attempts.load(ordering: .relaxed) == 2)
            #expect(inserted.count == 20_000)
        }
    }

    @Test("that is away is said to be, to all that wait, and is found when it is back")
    func away() async throws {
        let server = try PostgresServer()
        try await withPostgres(.impatient, on: server) { database in
            server.stop()
            await withTaskGroup(of: DatabaseError.Code?.self) { group in
                for id in 0..<20 { group.addTask { await errorCode { try await database.addItem(id) } } }
                for await code in group { #expect(code == .unavailable) }
            }
            try server.start()
            try await persist { try await database.addItem(1) }
            #expect(try await persist { try await database.itemCount() } == 1)
        }
    }

    @Test("that was never there is an error when it is opened")
    func absent() async throws {
        let url = try PostgresURL("postgres://me:secret@127.0.0.1:1/x")
        let error = await #expect(throws: DatabaseError.self) {
            _ = try await PostgresDatabase.open(url, .impatient)
        }
        #expect(error?.code == .unavailable)
        #expect(error?.message.contains("secret") == false)
    }

    @Test("that stands still costs a job its deadline, and no more")
    func suspended() async throws {
        let server = try PostgresServer()
        try await withPostgres(.impatient, on: server) { database in
            let code = await errorCode {
                try await database.write(deadline: .now + .seconds(1)) { connection in
                    try connection.execute("INSERT INTO item (id) VALUES (1)")
                    server.suspend()
                    try connection.execute("INSERT INTO item (id) VALUES (2)")
                }
            }
            #expect(code == .deadlineExceeded)
            // The connection is gone, and another one is waited for as long.
            let connecting = await errorCode {
                _ = try await database.write(deadline: .now + .milliseconds(100)) { try $0.execute("SELECT 1") }
            }
            #expect(connecting == .deadlineExceeded)
            server.resume()
            try await persist { try await database.addItem(3) }
            #expect(try await database.read { try $0.rows("SELECT id FROM item") { try $0[0] as Int } } == [3])
        }
    }

    @Test("that does not answer a commit leaves its outcome unknown, and that is said")
    func unknownOutcome() async throws {
        let server = try PostgresServer()
        try await withPostgres(.impatient, on: server) { database in
            await #expect {
                try await database.write(deadline: .now + .seconds(1)) { connection in
                    try connection.execute("INSERT INTO item (id) VALUES (1)")
                    server.suspend()
                }
            } throws: { error in
                guard let error = error as? DatabaseError else { return false }
                return error.code == .unavailable && error.isOutcomeUnknown
            }
            server.resume()
        }
    }

    @Test("that is full is busy")
    func full() async throws {
        let server = try PostgresServer(
            settings: ["max_connections=2", "superuser_reserved_connections=0", "max_wal_senders=0"]
        )
        try await withPostgres(.impatient, on: server) { database in
            #expect(try await database.itemCount() == 0)
            let url = try PostgresURL(server.url())
            let error = await #expect(throws: DatabaseError.self) {
                _ = try await PostgresDatabase.open(url, .impatient)
            }
            #expect(error?.code == .busy, "\(error?.message ?? "")")
        }
    }

    @Test("that takes no changes is left for one that does", .timeLimit(.minutes(5)))
    func readOnly() async throws {
        let (first, second) = (try PostgresServer(), try PostgresServer())
        for server in [first, second] { try server.execute("CREATE TABLE item (id INTEGER PRIMARY KEY)") }
        let hosts = "host=\(first.directory),\(second.directory)&target_session_attrs=read-write"
        let both = try await PostgresDatabase.open(PostgresURL("postgres://sonde@/postgres?\(hosts)"))
        let one = try await PostgresDatabase.open(PostgresURL(first.url()), .impatient)
        try await closing(both) { both in
            try await closing(one) { one in
                try await both.addItem(id: 0)
                try await one.addItem(id: 1)
                try first.execute("ALTER SYSTEM SET default_transaction_read_only = on")
                try first.execute("SELECT pg_reload_conf()")
                var id = 2
                while await errorCode({ try await one.addItem(id: id) }) == nil { id += 1 }
                #expect(await errorCode { try await one.addItem(id: id) } == .unavailable)
                try await both.addItem(id: id)
                let url = try PostgresURL(second.url())
                try await closing(try await PostgresDatabase.open(url)) { second in
                    let newest: Int? = try await second.read { try $0.value("SELECT max(id) FROM item") }
                    #expect(newest == id)
                }
            }
        }
    }

    @Test("keeps a connection whose statement was stopped")
    func stopped() async throws {
        try await withPostgres(PostgresSettings(readers: 1, writers: 1, stopTimeout: .seconds(60))) { database in
            let id: SQL = "SELECT pg_backend_pid()"
            let before: Int? = try await database.write { try $0.value(id) }
            let code = await errorCode {
                _ = try await database.write(deadline: .now + .milliseconds(50)) { connection in
                    try connection.execute("INSERT INTO item (id) VALUES (1)")
                    return try connection.execute("SELECT pg_sleep(1000)")
                }
            }
            #expect(code == .deadlineExceeded)
            let after: Int? = try await database.write { try $0.value(id) }
            #expect(before == after)
            #expect(try await database.itemCount() == 0)
        }
    }
}

extension Database {
    fileprivate func addItem(id: Int) async throws {
        _ = try await write { try $0.execute("INSERT INTO item (id) VALUES (\(id))") }
    }
}
