import Configuration
import Contracts
import Foundation

extension Command {
    static let exportFile = Command(
        name: "export",
        synopsis: "[--format csv|jsonl|columns] [--from TIME] [--to TIME] [--session NAME] [--output FILE] …",
        summary: "write measurements to a file, oldest first",
        details: """
            TIME is such as 2026-01-31T12:00:00Z, or how long ago, such as 24h; the last hour when left out. --target
            NAME[,NAME], --type TYPE[,TYPE], --status and --reason choose rows; --session takes times, targets and types
            from a session. --all-fields has more than the eight fields of a row. Texts that a spreadsheet would run as
            formulas get an apostrophe, which sonde import takes off again; with --unguarded they do not.

              sonde export --from 24h --target example.org --output day.csv
            """,
        options: ["format", "from", "to", "target", "type", "status", "reason", "session", "output"],
        flags: ["all-fields", "unguarded"],
        run: { arguments in
            _ = try arguments.words()
            let client = try APIClient(.load())
            let filter = try await exportFilter(arguments, client)
            let file = try outputFile(arguments["output"])
            var rows = 0
            try await client.follow(.exportMeasurements, filter) { piece in
                rows += piece.rows
                if let file { try file.write(contentsOf: Data(piece.text.utf8)) } else { Output.text(piece.text) }
            }
            guard let file, let path = arguments["output"] else { return }
            try file.close()
            Output.line("wrote \(rows) rows to \(path)")
        }
    )

    private static func exportFilter(_ arguments: Arguments, _ client: APIClient) async throws -> ExportFilter {
        var filter = ExportFilter(
            targetIDs: try await targetIDs(arguments["target"], client),
            types: try checkTypes(arguments["type"]),
            from: try arguments.time("from"),
            to: try arguments.time("to")
        )
        if let name = arguments["session"] { filter.sessionID = try await findSession(name, client).id }
        if let text = arguments["format"] {
            guard let format = ExportFormat(rawValue: text) else {
                throw CommandLineError(.usage, "--format is csv, jsonl or columns")
            }
            filter.format = format
        }
        filter.status = arguments["status"]
        filter.reason = arguments["reason"]
        if arguments.has("all-fields") { filter.allFields = true }
        if arguments.has("unguarded") { filter.formulaGuard = false }
        return filter
    }

    private static func outputFile(_ path: String?) throws -> FileHandle? {
        guard let path else { return nil }
        guard FileManager.default.createFile(atPath: path, contents: nil),
            let file = FileHandle(forWritingAtPath: path)
        else { throw CommandLineError(.cannotCreate, "\(path) cannot be written") }
        return file
    }

    /// The targets that names, ids or addresses stand for, with commas between them; `nil` for no text.
    static func targetIDs(_ text: String?, _ client: APIClient) async throws -> [TargetID]? {
        guard let text else { return nil }
        var ids: [TargetID] = []
        for name in text.split(separator: ",") { ids.append(try await find(String(name), client).id) }
        return ids
    }

    static func checkTypes(_ text: String?) throws(CommandLineError) -> [CheckType]? {
        guard let text else { return nil }
        var types: [CheckType] = []
        for name in text.split(separator: ",") { types.append(try checkType(String(name))) }
        return types
    }
}

extension Arguments {
    /// A time, or how long ago it was.
    func time(_ name: String) throws(CommandLineError) -> Timestamp? {
        guard let text = self[name] else { return nil }
        if let time = Timestamp(text) { return time }
        guard let ago = Duration(text: text) else {
            throw CommandLineError(
                .usage,
                "--\(name) must be a time such as 2026-01-31T12:00:00Z or 24h ago, got \"\(text)\""
            )
        }
        return Timestamp.now.advanced(by: .zero - ago)
    }
}
