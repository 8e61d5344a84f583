import Configuration
import Database
import Foundation
import JSON

/// What the program `store` does when words follow its name: it looks after the database of its settings, and ends.
public enum UpkeepCommand {
    private static let usage = "usage: store [check | backup FILE | restore FILE [--force]] [--json]"

    /// Returns when there are no words.
    public static func run(_ arguments: [String]) async {
        guard !arguments.isEmpty else { return }
        do {
            try await carryOut(arguments)
            exit(0)
        } catch let error as UpkeepError {
            complain(error.description)
            exit(error.code.rawValue)
        } catch let error as ConfigurationError {
            complain(error.message)
            exit(UpkeepError.Code.usage.rawValue)
        } catch {
            complain("\(error)")
            exit(UpkeepError.Code.disk.rawValue)
        }
    }

    private static func carryOut(_ arguments: [String]) async throws {
        let flags = Set(arguments.filter { $0.hasPrefix("--") })
        let words = arguments.filter { !$0.hasPrefix("--") }
        let settings = try StoreSettings(from: .process)
        let report: StoreReport
        switch (words.first, words.count) {
        case ("check", 1) where flags.isSubset(of: ["--json"]):
            report = try await Upkeep.check(settings.database, settings)
        case ("backup", 2) where flags.isSubset(of: ["--json"]):
            report = try await Upkeep.backUp(try file(settings), to: words[1], settings)
        case ("restore", 2) where flags.isSubset(of: ["--json", "--force"]):
            let isForced = flags.contains("--force")
            report = try await Upkeep.restore(words[1], to: try file(settings), isForced: isForced, settings)
        default:
            throw UpkeepError(.usage, usage)
        }
        let text =
            flags.contains("--json") ? String(decoding: try encodeJSON(report), as: UTF8.self) + "\n" : report.text
        try FileHandle.standardOutput.write(contentsOf: Data(text.utf8))
        guard report.faultCount > 0 else { return }
        guard words.first == "restore" else { throw UpkeepError(.faults, "there are \(report.faultCount) faults") }
        throw UpkeepError(.badData, "\(words[1]) has faults, and nothing was restored")
    }

    private static func file(_ settings: StoreSettings) throws(UpkeepError) -> String {
        guard case .sqlite(let path) = settings.database else {
            throw UpkeepError(.usage, "this is for SQLite; PostgreSQL has pg_dump and pg_restore")
        }
        return path
    }

    private static func complain(_ text: String) {
        FileHandle.standardError.write(Data("store: \(text)\n".utf8))
    }
}
