import TestServers
import Testing

@testable import Database

@Suite("A database's address") struct DatabaseLocationTests {
    private func message(_ text: String) -> String? {
        do throws(DatabaseError) {
            _ = try DatabaseLocation(text)
            return nil
        } catch { return error.message }
    }

    @Test("is a file's path or a server", arguments: ["/var/lib/store.db", "sqlite:/var/lib/store.db"])
    func path(text: String) throws {
        guard case .sqlite("/var/lib/store.db") = try DatabaseLocation(text) else {
            Issue.record("not a path: \(text)")
            return
        }
    }

    @Test("never shows a password", arguments: ["postgres", "postgresql"])
    func password(scheme: String) throws {
        let location = try DatabaseLocation("\(scheme)://me:secret@db1:6000,db2:6001/store?sslmode=require")
        #expect("\(location)" == "postgres://me@db1,db2:6000,6001/store")
        guard case .postgres(let url) = location else { return }
        var dumped = ""
        dump(url, to: &dumped)
        #expect(!dumped.contains("secret"))
        #expect(!"\(String(reflecting: location))".contains("secret"))
    }

    @Test(
        "that cannot be used is told so in one line, without its password",
        arguments: [
            ("", "file's path"), ("mysql://x", "postgres://…"), ("postgres:x", "begins with postgres://"),
            ("postgres://me:se/cret@host/x", "is not like"), ("postgres://me:se@cret@host/x", "%40"),
            ("postgres://me:se:cret@host/x", ""), ("postgres://me:secret@host/x?sslmod=require", "sslmod"),
            ("postgres://me:secret@host:99999/x", "port"), ("postgres://me:secret@host/x?connect_timeout=y", "seconds"),
            ("postgres://me:secret%@host/x", "is not like"),
        ]
    )
    func refused(_ text: String, _ part: String) {
        guard let message = message(text) else {
            // A colon in a password is allowed.
            #expect(part.isEmpty)
            return
        }
        #expect(message.contains(part))
        #expect(!message.contains("cret"))
        #expect(!message.contains("\n"))
    }

    @Test("opens the engine that it names", arguments: DatabaseEngine.allCases)
    func engine(_ engine: DatabaseEngine) async throws {
        let temporary = try TemporaryDatabase()
        let address = engine == .sqlite ? temporary.path : try PostgresServer.shared().url()
        let database = try await openDatabase(at: DatabaseLocation(address))
        #expect(try await database.read { $0.engine } == engine)
        await database.close()
        withExtendedLifetime(temporary) {}
    }
}
