import Contracts
import JSONRPC

extension Command {
    static let gapList = Command(
        name: "gap list",
        synopsis: "",
        summary: "list what agents of the last day could not keep",
        run: { arguments in
            _ = try arguments.words()
            let client = try APIClient(.load())
            let list = try await client.call(.listGaps, GapFilter(limit: 1_000))
            guard !arguments.has("json") else { return try Output.json(list) }
            // Gaps are looked at when something is broken: ids say enough when nobody knows the names.
            let agents = (try? await client.call(.listAgents, Empty()).agents) ?? []
            let names = Dictionary(agents.map { ($0.id, $0.name) }) { first, _ in first }
            Output.table(
                ["AGENT", "FROM", "TO", "ROWS", "CAUSE"],
                list.gaps.map { gap in
                    [
                        names[gap.agentID] ?? gap.agentID.rawValue, gap.from.description, gap.to.description,
                        "\(gap.rows)", gap.cause.rawValue,
                    ]
                }
            )
        }
    )

    static let incidentList = Command(
        name: "incident list",
        synopsis: "[--state firing|resolved]",
        summary: "list incidents, newest first",
        options: ["state"],
        run: { arguments in
            _ = try arguments.words()
            let state = try arguments["state"].map { text in
                guard let state = Incident.State(rawValue: text) else {
                    throw CommandLineError(.usage, "--state is firing or resolved")
                }
                return state
            }
            let page = try await APIClient(.load()).call(.listIncidents, IncidentFilter(state: state))
            guard !arguments.has("json") else { return try Output.json(page) }
            Output.table(
                ["STARTED", "STATE", "SEVERITY", "TARGET", "RULE", "LASTED", "CAUSE"],
                page.incidents.map {
                    [
                        $0.startedAt.description, $0.state.rawValue, $0.severity.rawValue, $0.targetName, $0.ruleName,
                        "\($0.durationMilliseconds / 1_000) s", $0.cause,
                    ]
                }
            )
        }
    )

    static let tail = Command(
        name: "tail",
        synopsis: "[TARGET]",
        summary: "print measurements as they are stored",
        run: { arguments in
            let client = try APIClient(.load())
            let targets = arguments.words.isEmpty ? nil : [try await find(arguments.words("TARGET")[0], client).id]
            let isJSON = arguments.has("json")
            try await client.follow(.followMeasurements, FollowRequest(targetIDs: targets)) { event in
                for index in 0..<event.batch.count { try show(event.batch.row(index), isJSON) }
            }
        }
    )

    private static func show(_ row: Measurement, _ isJSON: Bool) throws {
        guard !isJSON else { return try Output.json(row) }
        let latency = row.latencyMilliseconds.map { "\(($0 * 1_000).rounded() / 1_000) ms" } ?? "-"
        let status = row.reason.map { "\(row.status) (\($0))" } ?? row.status
        Output.line("\(row.timestamp)  \(row.origin)  \(row.type)  \(row.target)  \(latency)  \(status)")
    }
}
