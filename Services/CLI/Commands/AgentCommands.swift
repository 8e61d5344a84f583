import Contracts
import JSONRPC

extension Command {
    static let agentList = Command(
        name: "agent list",
        synopsis: "",
        summary: "list the vantage points",
        run: { arguments in
            _ = try arguments.words()
            let list = try await APIClient(.load()).call(.listAgents, Empty())
            guard !arguments.has("json") else { return try Output.json(list) }
            Output.table(
                ["ID", "NAME", "STATE", "MODE", "LABELS", "VERSION", "LAST SEEN"],
                list.agents.map { agent in
                    [
                        agent.id.rawValue, agent.name, agent.state.rawValue, agent.mode.rawValue,
                        Output.labels(agent.labels), agent.version, agent.lastSeenAt.description,
                    ]
                }
            )
        }
    )

    static let agentStart = commanding(.start, "let an agent run what is assigned to it")
    static let agentStop = commanding(.stop, "let an agent run nothing")
    static let agentDrain = commanding(.drain, "leave to other agents what only some run")
    static let agentRemove = telling("remove", "forget an agent that is offline or stopped") { agent, client in
        _ = try await client.call(.deleteAgent, AgentReference(id: agent.id))
    }

    static let agentLabel = Command(
        name: "agent label",
        synopsis: "AGENT --labels KEY=VALUE[,KEY=VALUE] [--weight N]",
        summary: "say what checks choose an agent by",
        details: "The labels stand beside those that the agent has of itself, and win over them; \"\" takes them away.",
        options: ["labels", "weight"],
        run: { arguments in
            let client = try APIClient(.load())
            let change = AgentChange(
                id: try await findAgent(arguments.words("AGENT")[0], client).id,
                labels: try arguments.labels("labels"),
                weight: try arguments.integer("weight", in: 1...1_000)
            )
            let agent = try await client.call(.updateAgent, change)
            if arguments.has("json") { try Output.json(agent) } else { Output.line("changed \(agent.name)") }
        }
    )

    private static func commanding(_ action: AgentCommand.Action, _ summary: String) -> Command {
        telling(action.rawValue, summary) { agent, client in
            _ = try await client.call(.commandAgent, AgentCommand(id: agent.id, action: action))
        }
    }

    private static func telling(
        _ verb: String,
        _ summary: String,
        _ tell: @escaping @Sendable (Agent, APIClient) async throws -> Void
    ) -> Command {
        Command(
            name: "agent \(verb)",
            synopsis: "AGENT",
            summary: summary,
            details: "AGENT is an id or a name.",
            run: { arguments in
                let client = try APIClient(.load())
                let agent = try await findAgent(arguments.words("AGENT")[0], client)
                try await tell(agent, client)
                if arguments.has("json") { try Output.json(agent) } else { Output.line("\(agent.name): \(verb)") }
            }
        )
    }

    static func findAgent(_ text: String, _ client: APIClient) async throws -> Agent {
        let agents = try await client.call(.listAgents, Empty()).agents
        guard let agent = agents.first(where: { $0.id.rawValue == text || $0.name == text }) else {
            throw CommandLineError(.failed, "there is no agent \"\(text)\"")
        }
        return agent
    }
}

extension AgentSelector {
    static let argumentNames: Set = ["agents", "agent-count"]

    static let argumentHelp = """
        --agents KEY=VALUE[,KEY=VALUE] leaves it to agents with these labels, --agent-count N to so many of them.
        """

    /// `nil` when nothing is said of agents.
    init?(_ arguments: Arguments) throws {
        self.init(
            labels: try arguments.labels("agents"),
            count: try arguments.integer("agent-count", in: 1...100)
        )
        if self == AgentSelector() { return nil }
    }
}

extension Arguments {
    /// Labels such as `zone=north,rack=12`.
    func labels(_ name: String) throws(CommandLineError) -> [String: String]? {
        guard let text = self[name] else { return nil }
        var labels: [String: String] = [:]
        for pair in text.split(separator: ",") {
            guard let equals = pair.firstIndex(of: "="), equals > pair.startIndex else {
                throw CommandLineError(.usage, "--\(name) takes KEY=VALUE, got \"\(pair)\"")
            }
            labels[String(pair[..<equals])] = String(pair[equals...].dropFirst())
        }
        return labels
    }
}
