import Contracts
import JSONRPC
import Observability

extension Command {
    static let silenceList = Command(
        name: "silence list",
        synopsis: "",
        summary: "list the times in which nobody is told of some incidents",
        run: { arguments in
            _ = try arguments.words()
            let client = try APIClient(.load())
            let list = try await client.call(.listSilences, Empty())
            guard !arguments.has("json") else { return try Output.json(list) }
            let names = try await SilenceSubjects(of: list.silences, client)
            let now = Timestamp.now
            Output.table(
                ["ID", "STATE", "FROM", "TO", "ABOUT", "MADE BY", "REASON"],
                list.silences.map { silence in
                    [
                        silence.id.rawValue, Output.state(from: silence.from, to: silence.to, at: now),
                        silence.from.description, silence.to.description, names.about(silence), silence.createdBy,
                        silence.reason,
                    ]
                }
            )
        }
    )

    static let silenceAdd = Command(
        name: "silence add",
        synopsis:
            "REASON [--rule NAME] [--target NAME] [--check TYPE] [--agent NAME] [--severity WORD] [--from TIME] --to TIME",
        summary: "have nobody told of some incidents that begin, for some time",
        details: """
            TIME is such as 2026-01-31T12:00:00Z, or how far ahead, such as 2h; without --from it begins now. It is about
            the incidents that fit all that is given, of which there must be something. They are made and shown as always.
            One that outlasts the silence is told when that is over; who was told of one before is told of its end.

              sonde silence add "we know" --target example.org --to 2h
            """,
        options: Set(aspects).union(["from", "to"]),
        run: { arguments in
            let reason = try arguments.words("REASON")[0]
            guard let to = try arguments.timeAhead("to") else { throw CommandLineError(.usage, "--to is missing") }
            let severity = try arguments["severity"].map { text in
                guard let severity = Severity(rawValue: text) else {
                    let words = Severity.allCases.map(\.rawValue).joined(separator: ", ")
                    throw CommandLineError(.usage, "--severity is one of \(words)")
                }
                return severity
            }
            guard aspects.contains(where: { arguments[$0] != nil }) else {
                let options = aspects.map { "--\($0)" }
                throw CommandLineError(
                    .usage,
                    "say which incidents, with \(options.dropLast().joined(separator: ", ")) or \(options[options.count - 1])"
                )
            }
            let client = try APIClient(.load())
            var new = NewSilence(reason: reason, from: try arguments.timeAhead("from"), to: to, severity: severity)
            if let name = arguments["rule"] { new.ruleID = try await rule(name, client).id }
            if let name = arguments["target"] { new.targetID = try await find(name, client).id }
            new.checkType = try arguments["check"].map { try checkType($0) }
            if let name = arguments["agent"] { new.agentID = try await findAgent(name, client).id }
            let silence = try await client.call(.createSilence, new)
            if arguments.has("json") { try Output.json(silence) } else { Output.line(silence.id.rawValue) }
        }
    )

    static let silenceRemove = Command(
        name: "silence remove",
        synopsis: "SILENCE",
        summary: "end a silence, or call it off",
        details: "SILENCE is the id that sonde silence list shows.",
        run: { arguments in
            let reference = SilenceReference(id: SilenceID(rawValue: try arguments.words("SILENCE")[0]))
            _ = try await APIClient(.load()).call(.deleteSilence, reference)
            if arguments.has("json") { try Output.json(reference) } else { Output.line("removed \(reference.id)") }
        }
    )

    /// What of an incident a silence can be about.
    private static let aspects = ["rule", "target", "check", "agent", "severity"]

    /// By its name, or by its id.
    private static func rule(_ name: String, _ client: APIClient) async throws -> Rule {
        let rules = try await client.call(.listRules, Empty()).rules
        let found = rules.filter { $0.id.rawValue == name || $0.name == name }
        guard let rule = found.first else { throw CommandLineError(.failed, "there is no rule \"\(name)\"") }
        guard found.count == 1 else {
            throw CommandLineError(.failed, "\(found.count) rules are called \"\(name)\"; give the id of one")
        }
        return rule
    }
}

/// The names of what silences are about; what shares its name with others keeps its id, by which it can be told.
private struct SilenceSubjects {
    private var rules: [RuleID: String] = [:]
    private var targets: [TargetID: String] = [:]
    private var agents: [AgentID: String] = [:]

    /// Asks for what is needed.
    init(of silences: [Silence], _ client: APIClient) async throws {
        if silences.contains(where: { $0.ruleID != nil }) {
            rules = Self.single(try await client.call(.listRules, Empty()).rules.map { ($0.id, $0.name) })
        }
        if silences.contains(where: { $0.targetID != nil }) {
            targets = Self.single(try await Command.allTargets(client).map { ($0.id, $0.name) })
        }
        if silences.contains(where: { $0.agentID != nil }) {
            agents = Self.single(try await client.call(.listAgents, Empty()).agents.map { ($0.id, $0.name) })
        }
    }

    /// What must fit, as it is typed.
    func about(_ silence: Silence) -> String {
        let parts = [
            silence.ruleID.map { "rule=\(rules[$0] ?? $0.rawValue)" },
            silence.targetID.map { "target=\(targets[$0] ?? $0.rawValue)" },
            silence.checkType.map { "check=\($0)" },
            silence.agentID.map { "agent=\(agents[$0] ?? $0.rawValue)" },
            silence.severity.map { "severity=\($0)" },
        ]
        return parts.compactMap(\.self).joined(separator: ",")
    }

    private static func single<ID: Hashable>(_ named: [(id: ID, name: String)]) -> [ID: String] {
        let groups = Dictionary(grouping: named, by: \.name).values.filter { $0.count == 1 }
        return Dictionary(groups.map { ($0[0].id, $0[0].name) }, uniquingKeysWith: { first, _ in first })
    }
}
