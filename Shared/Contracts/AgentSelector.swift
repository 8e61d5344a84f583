import JSONRPC

/// Which agents run a check.
public struct AgentSelector: Codable, Equatable, Sendable {
    /// Labels that an agent must have, all of them; any agent when left out.
    public var labels: [String: String]?
    /// How many of those run it, from 1 to 100; all when left out.
    ///
    /// Which ones changes as little as possible when agents come and go.
    public var count: Int?

    public init(labels: [String: String]? = nil, count: Int? = nil) {
        self.labels = labels
        self.count = count
    }

    /// Whether an agent with these labels may run it.
    public func matches(_ agent: [String: String]) -> Bool {
        (labels ?? [:]).allSatisfy { agent[$0.key] == $0.value }
    }
}
