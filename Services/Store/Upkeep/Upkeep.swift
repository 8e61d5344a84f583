import Configuration
public import Database
import Foundation

/// What is done to a store's database from outside of the store: it is checked, copied and put back.
public enum Upkeep {
    /// Opens a database to be read alone, whoever else uses it.
    public static func open(_ location: DatabaseLocation, _ settings: StoreSettings) async throws -> any Database {
        switch location {
        case .sqlite(let path):
            return try await SQLiteReadOnly.open(path)
        case .postgres(let url):
            var postgres = settings.postgres
            (postgres.readers, postgres.writers, postgres.makesSchema) = (1, 1, false)
            postgres.longestJob = .seconds(86_400)
            return try await PostgresDatabase.open(url, postgres)
        }
    }

    public static func check(_ location: DatabaseLocation, _ settings: StoreSettings) async throws -> StoreReport {
        let database = try await open(location, settings)
        do {
            let report = try await StoreCheck.run(on: database, retention: settings.retention)
            await database.close()
            return report
        } catch {
            await database.close()
            throw error
        }
    }

    /// Writes what is committed into a new file and checks that; a store may use the database meanwhile.
    public static func backUp(_ path: String, to file: String, _ settings: StoreSettings) async throws -> StoreReport {
        guard !FileManager.default.fileExists(atPath: file) else {
            throw UpkeepError(.cannotCreate, "\(file) exists; a backup is a new file")
        }
        let draft = file + ".new"
        let database = try await SQLiteReadOnly.open(path)
        do {
            try SQLiteDatabase.remove(draft)
            try await database.copy(to: draft)
            await database.close()
        } catch {
            await database.close()
            throw error
        }
        let report = try await check(.sqlite(path: draft), settings)
        try SQLiteDatabase.replace(file, by: draft)
        return report
    }

    /// Puts a backup in the place of a database that no store uses, unless the backup has a fault.
    public static func restore(
        _ file: String,
        to path: String,
        isForced: Bool,
        _ settings: StoreSettings
    ) async throws -> StoreReport {
        let isTaken = [path, path + "-wal"].contains { name in
            let size = try? FileManager.default.attributesOfItem(atPath: name)[.size] as? Int
            return (size ?? 0) > 0
        }
        guard isForced || !isTaken else {
            throw UpkeepError(.cannotCreate, "\(path) is there already; --force replaces it")
        }
        let report = try await check(.sqlite(path: file), settings)
        guard report.faultCount == 0 else { return report }
        try FileManager.default.createDirectory(
            at: URL(filePath: path).deletingLastPathComponent(),
            withIntermediateDirectories: true,
            attributes: [.posixPermissions: 0o700]
        )
        let source = try await SQLiteReadOnly.open(file)
        do {
            try await SQLiteDatabase.restore(source, to: path)
            await source.close()
        } catch {
            await source.close()
            throw error
        }
        return report
    }
}

/// Why something cannot be done, in one line.
public struct UpkeepError: Error, CustomStringConvertible {
    /// The exit codes of sysexits.h.
    public enum Code: CInt, Sendable {
        /// There are faults.
        case faults = 1
        case usage = 64
        /// A backup is not as it must be.
        case badData = 65
        case cannotCreate = 73
        /// The database cannot be read or written.
        case disk = 74
    }

    public var code: Code
    public var description: String

    init(_ code: Code, _ description: String) {
        self.code = code
        self.description = description
    }
}
