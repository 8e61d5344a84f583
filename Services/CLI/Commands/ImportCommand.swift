import Contracts
import Foundation

extension Command {
    static let importFile = Command(
        name: "import",
        synopsis: "FILE|- [--map FIELD=COLUMN[,FIELD=COLUMN]] [--dry-run]",
        summary: "store measurements from a CSV file, each once",
        details: """
            The file's first line names its columns. A row needs timestamp, target, type and status; it may have id,
            latency_ms, metadata, origin, reason, target_id, check_id, agent_id, endpoint, sent and received. --map
            takes a field from a column of another name. Rows that are wrong are told of by line and left out, the
            others are stored; the same file again stores nothing. --dry-run stores nothing and says what it would.

              sonde import history.csv --map timestamp=time,latency_ms=rtt

            Ends with 65 when a row was refused or the file is no CSV.
            """,
        options: ["map"],
        flags: ["dry-run"],
        run: { arguments in
            let path = try arguments.words("FILE")[0]
            let mapping = try mapping(arguments["map"])
            let file = try handle(path)
            let client = try APIClient(.load())
            let targets = try await allTargets(client)
            let run = ImportRun(
                name: path == "-" ? "standard input" : path,
                mapping: mapping,
                isDry: arguments.has("dry-run"),
                targets: TargetNames(targets)
            ) { try await client.call(.importMeasurements, $0) }
            let total = try await run.all(of: file)
            if arguments.has("json") { try Output.json(total.report) } else { Output.line(total.text(run.isDry)) }
            guard total.report.refused > 0 else { return }
            throw CommandLineError(.badData, "\(total.report.refused) of \(total.rows) rows were refused")
        }
    )

    private static func handle(_ path: String) throws -> FileHandle {
        guard path != "-" else { return .standardInput }
        guard let file = FileHandle(forReadingAtPath: path) else {
            throw CommandLineError(.usage, "\(path) cannot be read")
        }
        return file
    }

    private static func mapping(_ text: String?) throws(CommandLineError) -> [String: String] {
        var mapping: [String: String] = [:]
        for pair in (text ?? "").split(separator: ",") {
            let parts = pair.split(separator: "=", maxSplits: 1).map(String.init)
            guard parts.count == 2, mapping.updateValue(parts[1], forKey: parts[0]) == nil else {
                throw CommandLineError(.usage, "--map is FIELD=COLUMN, each field once, got \"\(pair)\"")
            }
        }
        return mapping
    }
}

/// The ids of targets by name; a name of several targets stands for none.
struct TargetNames: Sendable {
    private var ids: [String: TargetID?] = [:]

    init(_ targets: [Target]) {
        for target in targets { ids.updateValue(ids[target.name] == nil ? target.id : nil, forKey: target.name) }
    }

    subscript(name: String) -> TargetID? { ids[name] ?? nil }
}
