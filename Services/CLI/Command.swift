/// One thing that `sonde` can do.
struct Command: Sendable {
    /// Such as `target add`.
    var name: String
    /// What follows the name, as the help shows it.
    var synopsis: String
    var summary: String
    /// More than a line, for the command's own help.
    var details = ""
    var options: Set<String> = []
    var flags: Set<String> = []
    var run: @Sendable (Arguments) async throws -> Void

    static let all: [Command] = [
        .up, .pkiInit, .pkiIssue, .login, .targetList, .targetAdd, .targetEnable, .targetDisable, .targetRemove,
        .checkList, .checkAdd, .checkSchedule, .checkRun, .checkRestart, .checkRuns, .checkRemove,
        .maintenanceList, .maintenanceAdd, .maintenanceRemove, .silenceList, .silenceAdd, .silenceRemove, .agentList,
        .agentLabel, .agentStart, .agentStop,
        .agentDrain, .agentRemove, .agentEnrol, .agentEnrolments, .agentDisenrol, .gapList, .incidentList, .tail,
        .exportFile, .importFile, .plan, .apply, .configExport, .tokenList, .tokenCreate, .tokenDelete,
        .sessionList, .sessionAdd, .sessionChange, .sessionRemove, .probe, .probeTrace, .probeMTU,
        .probeUDP, .probeSTAMP, .simRun, .simProbe, .simTruth,
        .retentionShow, .retentionSet, .storeCheck, .storeBackup, .storeRestore, .clusterSecrets, .version,
    ]

    var help: String {
        var text = "\(summary)\n\nusage: sonde \(name) \(synopsis)\n"
        if !details.isEmpty { text += "\n\(details)\n" }
        return text
    }

    static let overview = """
        Sonde watches networks from the inside.

        usage: sonde COMMAND [WORDS] [--OPTIONS]

        \(list(all))

        `sonde COMMAND --help` says what a command takes. Every command that prints takes --json.
        """

    /// What there is of commands whose names begin with a word; `nil` when none does.
    static func overview(of word: String) -> String? {
        let commands = all.filter { $0.name.hasPrefix("\(word) ") }
        guard !commands.isEmpty else { return nil }
        return """
            usage: sonde \(word) COMMAND [WORDS] [--OPTIONS]

            \(list(commands))
            """
    }

    private static func list(_ commands: [Command]) -> String {
        let width = commands.map(\.name.count).max() ?? 0
        return commands.map { command in
            "  \(command.name)\(String(repeating: " ", count: width - command.name.count))  \(command.summary)"
        }.joined(separator: "\n")
    }

    /// The command whose name stands at the front of `arguments`, and what follows it.
    static func find(_ arguments: [String]) -> (command: Command, rest: [String])? {
        for count in [2, 1] where arguments.count >= count {
            let name = arguments.prefix(count).joined(separator: " ")
            if let command = all.first(where: { $0.name == name }) {
                return (command, Array(arguments.dropFirst(count)))
            }
        }
        return nil
    }
}
