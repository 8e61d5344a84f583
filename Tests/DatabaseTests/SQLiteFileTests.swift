import Foundation
import Testing

@testable import Database

@Suite("A SQLite file") struct SQLiteFileTests {
    private func message(_ path: String) async -> String? {
        do {
            await (try SQLiteDatabase.open(path)).close()
            return nil
        } catch { return (error as? DatabaseError)?.message }
    }

    @Test("is private, with all that belongs to it, even if it was not before")
    func mode() async throws {
        let temporary = try TemporaryDatabase()
        #expect(
            FileManager.default.createFile(
                atPath: temporary.path,
                contents: nil,
                attributes: [.posixPermissions: 0o644]
            )
        )
        let database = try await temporary.open()
        _ = try await database.write { try $0.execute("CREATE TABLE t (x)") }
        let files = try FileManager.default.contentsOfDirectory(atPath: temporary.directory)
        #expect(Set(files) == ["test.sqlite", "test.sqlite-lock", "test.sqlite-shm", "test.sqlite-wal"])
        for file in files {
            let attributes = try FileManager.default.attributesOfItem(atPath: temporary.directory + "/" + file)
            #expect(attributes[.posixPermissions] as? Int == 0o600, "\(file)")
        }
        await database.close()
        withExtendedLifetime(temporary) {}
    }

    @Test("needs a directory that is there, is one, and is closed to other users")
    func directory() async throws {
        let temporary = try TemporaryDatabase()
        let missing = temporary.directory + "/missing"
        #expect(
            await message(missing + "/a.sqlite")
                == "\(missing): no directory for the database; create it, owned by this user (No such file or directory)"
        )
        let file = temporary.directory + "/file"
        #expect(FileManager.default.createFile(atPath: file, contents: nil))
        #expect(await message(file + "/a.sqlite") == "\(file): not a directory, so it cannot hold the database")
        try FileManager.default.setAttributes([.posixPermissions: 0o777], ofItemAtPath: temporary.directory)
        #expect(
            await message(temporary.path)
                == "\(temporary.directory): any user may replace the database; run chmod o-w on the directory"
        )
        #expect(await message(temporary.directory.split(separator: "/").first.map { "/\($0)" } ?? "/") != nil)
        withExtendedLifetime(temporary) {}
    }

    @Test("needs a directory that this user may write to", .enabled(if: geteuid() != 0, "root may write everywhere"))
    func readOnlyDirectory() async throws {
        let temporary = try TemporaryDatabase()
        try FileManager.default.setAttributes([.posixPermissions: 0o500], ofItemAtPath: temporary.directory)
        #expect(try #require(await message(temporary.path)).contains("is not writable by user"))
        withExtendedLifetime(temporary) {}
    }

    @Test("is open in one place at a time")
    func lock() async throws {
        let temporary = try TemporaryDatabase()
        let first = try await temporary.open()
        #expect(
            await message(temporary.path) == "\(temporary.path): another process has the database open; stop it first"
        )
        await first.close()
        #expect(await message(temporary.path) == nil)
        withExtendedLifetime(temporary) {}
    }

    @Test("that is no database is refused")
    func notADatabase() async throws {
        let temporary = try TemporaryDatabase()
        try Data(repeating: 0x41, count: 10_000).write(to: URL(fileURLWithPath: temporary.path))
        #expect(await errorCode { _ = try await temporary.open() } == .corrupt)
        withExtendedLifetime(temporary) {}
    }

    @Test("with a damaged page tells so when the page is read")
    func damaged() async throws {
        let temporary = try TemporaryDatabase()
        let first = try await temporary.open()
        _ = try await first.write { connection in
            try connection.execute("CREATE TABLE t (x TEXT)")
            for _ in 0..<1_000 {
                try connection.execute("INSERT INTO t VALUES (\(String(repeating: "x", count: 200)))")
            }
        }
        await first.close()
        var data = try Data(contentsOf: URL(fileURLWithPath: temporary.path))
        data.replaceSubrange(4_096..<8_192, with: repeatElement(0xFF, count: 4_096))
        try data.write(to: URL(fileURLWithPath: temporary.path))
        let second = try await temporary.open()
        #expect(
            await errorCode { _ = try await second.read { try $0.value("SELECT count(x) FROM t", as: Int.self) } }
                == .corrupt
        )
        await second.close()
        withExtendedLifetime(temporary) {}
    }

    @Test(
        "keeps what was committed when the process ends without notice",
        arguments: [SQLiteSettings.Durability.normal, .full]
    )
    func crash(_ durability: SQLiteSettings.Durability) async throws {
        let (before, after) = (try TemporaryDatabase(), try TemporaryDatabase())
        let database = try await before.open(SQLiteSettings(durability: durability))
        _ = try await database.write { try $0.execute("CREATE TABLE t (x INTEGER PRIMARY KEY)") }
        for id in 0..<50 { _ = try await database.write { try $0.execute("INSERT INTO t VALUES (\(id))") } }
        // What a killed process leaves behind: the files as they are, nothing flushed or checkpointed.
        for file in ["test.sqlite", "test.sqlite-wal"] {
            try FileManager.default.copyItem(
                atPath: "\(before.directory)/\(file)",
                toPath: "\(after.directory)/\(file)"
            )
        }
        let survivor = try await after.open()
        #expect(try await survivor.read { try $0.value("SELECT count(*) FROM t") } == 50)
        await survivor.close()
        await database.close()
        withExtendedLifetime((before, after)) {}
    }

    @Test("is one file again once it is closed")
    func checkpoint() async throws {
        let temporary = try TemporaryDatabase()
        let database = try await temporary.open()
        _ = try await database.write { try $0.execute("CREATE TABLE t (x)") }
        _ = try await database.read { try $0.value("SELECT count(*) FROM t", as: Int.self) }
        await database.close()
        let files = try FileManager.default.contentsOfDirectory(atPath: temporary.directory)
        #expect(Set(files) == ["test.sqlite", "test.sqlite-lock"])
        withExtendedLifetime(temporary) {}
    }
}
