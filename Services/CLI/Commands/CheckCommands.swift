import Contracts
import JSONRPC

extension Command {
    static let checkList = Command(
        name: "check list",
        synopsis: "[TARGET]",
        summary: "list how targets are probed",
        run: { arguments in
            let client = try APIClient(.load())
            let target = arguments.words.isEmpty ? nil : try await find(arguments.words("TARGET")[0], client)
            let list = try await client.call(.listChecks, CheckFilter(targetID: target?.id))
            guard !arguments.has("json") else { return try Output.json(list) }
            let targets = if let target { [target] } else { try await allTargets(client) }
            let names = Dictionary(targets.map { ($0.id, $0.name) }) { name, _ in name }
            Output.table(
                ["ID", "TARGET", "TYPE", "EVERY", "TIMEOUT", "ENABLED", "SCHEDULE"],
                list.checks.map { check in
                    [
                        check.id.rawValue, names[check.targetID] ?? check.targetID.rawValue, check.type.rawValue,
                        "\(check.intervalMilliseconds) ms", "\(check.timeoutMilliseconds) ms",
                        check.enabled ? "yes" : "no",
                        check.schedule.map { "\($0.summary) (\(check.isActive == true ? "now" : "not now"))" }
                            ?? "always",
                    ]
                }
            )
        }
    )

    static let checkAdd = Command(
        name: "check add",
        synopsis: """
            TARGET TYPE [--every TIME] [--timeout TIME] [--agents LABELS] [--agent-count N] [--OPTION VALUE …]
            \(Schedule.argumentSynopsis) [--recurrence continue|new] [--once]
            """,
        summary: "probe a target in another way",
        details: """
            TYPE is \(typeNames).

            \(AgentSelector.argumentHelp)

            \(Schedule.argumentHelp)

            --once adds the check switched off, and runs it one time now; sonde check run does it again.

            Options, each for some types:

            \(CheckOptions.argumentHelp)
            """,
        options: CheckOptions.argumentNames.union(AgentSelector.argumentNames).union(Schedule.argumentNames)
            .union(["every", "timeout"]),
        flags: ["once"],
        run: { arguments in
            let words = try arguments.words("TARGET", "TYPE")
            let client = try APIClient(.load())
            let new = NewCheck(
                targetID: try await find(words[0], client).id,
                type: try checkType(words[1]),
                intervalMilliseconds: try arguments.milliseconds("every"),
                timeoutMilliseconds: try arguments.milliseconds("timeout"),
                options: try CheckOptions(arguments),
                agents: try AgentSelector(arguments),
                schedule: try Schedule(arguments),
                enabled: arguments.has("once") ? false : nil
            )
            let check = try await client.call(.createCheck, new)
            if arguments.has("once") { _ = try await client.call(.runCheck, RunRequest(id: check.id)) }
            if arguments.has("json") { try Output.json(check) } else { Output.line(check.id.rawValue) }
        }
    )

    static let checkRemove = Command(
        name: "check remove",
        synopsis: "CHECK",
        summary: "stop probing in one way",
        details: "CHECK is the id that sonde check list shows.",
        run: { arguments in
            let id = CheckID(rawValue: try arguments.words("CHECK")[0])
            _ = try await APIClient(.load()).call(.deleteCheck, CheckReference(id: id))
            if arguments.has("json") { try Output.json(CheckReference(id: id)) } else { Output.line("removed \(id)") }
        }
    )
}
