import Contracts
import JSONRPC

extension Command {
    static let targetList = Command(
        name: "target list",
        synopsis: "[--search TEXT]",
        summary: "list what is watched",
        options: ["search"],
        run: { arguments in
            _ = try arguments.words()
            let client = try APIClient(.load())
            let targets = try await allTargets(client, search: arguments["search"])
            guard !arguments.has("json") else { return try Output.json(TargetPage(targets: targets)) }
            Output.table(
                ["ID", "NAME", "ADDRESS", "ENABLED"],
                targets.map { [$0.id.rawValue, $0.name, $0.address, $0.enabled ? "yes" : "no"] }
            )
        }
    )

    static let targetAdd = Command(
        name: "target add",
        synopsis: "ADDRESS [--name NAME] [--check TYPE[,TYPE]] [--every TIME] [--timeout TIME] [--OPTION VALUE …]",
        summary: "watch a host, an address or a URL",
        details: """
            TYPE is \(typeNames); http for a URL and icmp for all else when left
            out. TIME is such as 500ms, 2s or 1m: every 2.5 seconds when left out, from 200ms to 24h.

            \(AgentSelector.argumentHelp)

            The options of the check are those of sonde check add.
            """,
        options: CheckOptions.argumentNames.union(AgentSelector.argumentNames).union([
            "name", "check", "every", "timeout", "category",
        ]),
        run: { arguments in
            let address = try arguments.words("ADDRESS")[0]
            let options = try CheckOptions(arguments)
            let agents = try AgentSelector(arguments)
            let isURL = ["http://", "https://"].contains { address.lowercased().hasPrefix($0) }
            let checks = try (arguments["check"] ?? (isURL ? "http" : "icmp")).split(separator: ",").map { type in
                NewTargetCheck(
                    type: try checkType(String(type)),
                    intervalMilliseconds: try arguments.milliseconds("every"),
                    timeoutMilliseconds: try arguments.milliseconds("timeout"),
                    options: options,
                    agents: agents
                )
            }
            let new = NewTarget(
                address: address,
                name: arguments["name"],
                category: arguments["category"],
                checks: checks
            )
            let target = try await APIClient(.load()).call(.createTarget, new)
            if arguments.has("json") { try Output.json(target) } else { Output.line(target.id.rawValue) }
        }
    )

    static let targetEnable = switching("enable", "watch a target again", true)
    static let targetDisable = switching("disable", "stop watching a target, and keep it", false)

    static let targetRemove = Command(
        name: "target remove",
        synopsis: "TARGET",
        summary: "remove a target and its checks",
        details: "TARGET is an id, or the whole name or address of one target.",
        run: { arguments in
            let client = try APIClient(.load())
            let target = try await find(arguments.words("TARGET")[0], client)
            _ = try await client.call(.deleteTarget, TargetRemoval(id: target.id))
            if arguments.has("json") { try Output.json(target) } else { Output.line("removed \(target.name)") }
        }
    )

    private static func switching(_ verb: String, _ summary: String, _ enabled: Bool) -> Command {
        Command(
            name: "target \(verb)",
            synopsis: "TARGET",
            summary: summary,
            details: "TARGET is an id, or the whole name or address of one target.",
            run: { arguments in
                let client = try APIClient(.load())
                let id = try await find(arguments.words("TARGET")[0], client).id
                let target = try await client.call(.updateTarget, TargetChange(id: id, enabled: enabled))
                if arguments.has("json") { try Output.json(target) } else { Output.line("\(verb)d \(target.name)") }
            }
        )
    }

    /// Every target there is, or every one that a search finds.
    static func allTargets(_ client: APIClient, search: String? = nil) async throws -> [Target] {
        var targets: [Target] = []
        var cursor: String?
        repeat {
            let filter = TargetFilter(search: search, limit: 1_000, cursor: cursor)
            let page = try await client.call(.listTargets, filter)
            targets += page.targets
            cursor = page.nextCursor
        } while cursor != nil
        return targets
    }

    static let typeNames = CheckType.allCases.map(\.rawValue).joined(separator: ", ")

    static func checkType(_ text: String) throws(CommandLineError) -> CheckType {
        guard let type = CheckType(rawValue: text) else {
            throw CommandLineError(.usage, "\"\(text)\" is no type of check; there is \(typeNames)")
        }
        return type
    }

    /// The target that a person means by an id, a name or an address.
    static func find(_ text: String, _ client: APIClient) async throws -> Target {
        if UUIDv7(text) != nil {
            return try await client.call(.getTarget, TargetReference(id: TargetID(rawValue: text)))
        }
        let page = try await client.call(.listTargets, TargetFilter(search: text, limit: 1_000))
        let found = page.targets.filter { $0.name == text || $0.address == text }
        guard let target = found.first else { throw CommandLineError(.failed, "there is no target \"\(text)\"") }
        guard found.count == 1 else {
            throw CommandLineError(.failed, "\(found.count) targets are called \"\(text)\"; use the id of one")
        }
        return target
    }
}
