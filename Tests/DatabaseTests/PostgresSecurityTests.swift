import TestServers
import Testing

@testable import Database

@Suite("Access to PostgreSQL") struct PostgresSecurityTests {
    /// A table whose rows a tenant sees alone, seen by a role that row-level security applies to.
    private func withTenants(_ body: (PostgresDatabase) async throws -> Void) async throws {
        let server = try PostgresServer.shared()
        let name = try server.makeDatabase()
        let role = "role_\(name)"
        for statement in [
            "CREATE ROLE \(role) LOGIN", "CREATE SCHEMA own AUTHORIZATION \(role)",
            "CREATE TABLE own.target (id INTEGER PRIMARY KEY, tenant TEXT NOT NULL)",
            "ALTER TABLE own.target OWNER TO \(role)", "ALTER TABLE own.target ENABLE ROW LEVEL SECURITY",
            "ALTER TABLE own.target FORCE ROW LEVEL SECURITY",
            "CREATE POLICY own ON own.target USING (tenant = current_setting('sonde.tenant', true))",
        ] { try server.execute(statement, in: name) }
        let settings = PostgresSettings(readers: 1, writers: 1, schema: "own")
        let url = try PostgresURL(server.url(name, user: role))
        try await closing(try await PostgresDatabase.open(url, settings), body)
    }

    private func add(_ id: Int, _ tenant: String, to database: PostgresDatabase) async throws {
        _ = try await database.write { connection in
            try connection.enter(tenant: tenant)
            return try connection.execute("INSERT INTO target VALUES (\(id), \(tenant))")
        }
    }

    private func ids(of tenant: String?, in database: PostgresDatabase) async throws -> [Int] {
        try await database.read { connection in
            if let tenant { try connection.enter(tenant: tenant) }
            return try connection.rows("SELECT id FROM target ORDER BY id") { try $0[0] }
        }
    }

    @Test("shows a tenant its rows and nobody else's, and none to a transaction without a tenant")
    func tenants() async throws {
        try await withTenants { database in
            try await add(1, "a", to: database)
            try await add(2, "b", to: database)
            // The one connection is the same for all of them.
            #expect(try await ids(of: nil, in: database) == [])
            #expect(try await ids(of: "a", in: database) == [1])
            #expect(try await ids(of: nil, in: database) == [])
            #expect(try await ids(of: "b", in: database) == [2])
            #expect(try await ids(of: "' OR true --", in: database) == [])
            #expect(await errorCode { _ = try await ids(of: "", in: database) } == .failed)
            let code = await errorCode {
                _ = try await database.write { connection in
                    try connection.enter(tenant: "a")
                    return try connection.execute("INSERT INTO target VALUES (3, 'b')")
                }
            }
            #expect(code == .failed)
        }
    }

    @Test("takes many rows of a tenant, and none of another", arguments: [true, false])
    func manyRows(skippingDuplicates: Bool) async throws {
        try await withTenants { database in
            let insert: @Sendable (String) async throws -> InsertedRows = { tenant in
                try await database.write { connection in
                    try connection.enter(tenant: "a")
                    return try connection.insert(
                        into: InsertTarget("target", ["id", "tenant"]),
                        rows: 3,
                        skippingDuplicates: skippingDuplicates
                    ) { row, index in
                        row.integer(skippingDuplicates ? index / 2 : index)
                        row.text(tenant)
                    }
                }
            }
            let inserted = try await insert("a")
            #expect((0..<3).map(inserted.contains) == [true, !skippingDuplicates, true])
            #expect(try await ids(of: "a", in: database).count == inserted.count)
            #expect(await errorCode { _ = try await insert("b") } != nil)
        }
    }

    @Test("takes many rows into a table that was secured since the last of them came")
    func securedLater() async throws {
        try await withTenants { database in
            let insert: @Sendable (Int) async throws -> InsertedRows = { id in
                try await database.write { connection in
                    try connection.enter(tenant: "a")
                    let target = InsertTarget("target", ["id", "tenant"])
                    return try connection.insert(into: target, rows: 1, skippingDuplicates: true) { row, _ in
                        row.integer(id)
                        row.text("a")
                    }
                }
            }
            _ = try await database.write { try $0.execute("ALTER TABLE target DISABLE ROW LEVEL SECURITY") }
            #expect(try await insert(1).count == 1)
            _ = try await database.write { try $0.execute("ALTER TABLE target ENABLE ROW LEVEL SECURITY") }
            #expect(try await insert(2).count == 1)
            #expect(try await ids(of: "a", in: database) == [1, 2])
            #expect(try await ids(of: "b", in: database) == [])
        }
    }

    @Test("is by TLS to a server whose certificate is right, and to no other")
    func tls() async throws {
        let (server, other) = (try PostgresServer(tls: true), try PostgresServer(tls: true))
        let url = try PostgresURL(server.tlsURL(authorityFile: server.authorityFile))
        try await closing(try await PostgresDatabase.open(url)) { database in
            let isEncrypted: Bool? = try await database.read { connection in
                try connection.value("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()")
            }
            #expect(isEncrypted == true)
        }
        let wrong = try PostgresURL(server.tlsURL(authorityFile: other.authorityFile))
        await #expect {
            _ = try await PostgresDatabase.open(wrong, PostgresSettings(patience: .milliseconds(50)))
        } throws: { error in
            (error as? DatabaseError)?.message.contains("certificate verify failed") == true
        }
    }

    @Test("is refused to an unknown user, at once and without a word of the password")
    func unknownUser() async throws {
        let address = try PostgresServer.shared().url(user: "nobody:secret")
        let error = await #expect(throws: DatabaseError.self) {
            _ = try await PostgresDatabase.open(PostgresURL(address))
        }
        #expect(error?.code == .failed)
        #expect(error?.message.contains("28000") == true)
        #expect(error?.message.contains("secret") == false)
    }
}
