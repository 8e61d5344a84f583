import JSON
public import JSONRPC

/// A process that goes by an agent's name: while an agent is upgraded there are two of them.
public enum AgentProcess {}

public typealias AgentProcessID = Identifier<AgentProcess>

/// Which process asks what an agent is to run.
public struct AssignmentRequest: Codable, Equatable, RPCPayload {
    public var id: AgentID
    /// One that does not say takes no place, and loses none.
    public var process: AgentProcessID?
    /// Whether it asks only in case no other process follows; otherwise it takes that one's place.
    public var standsBy: Bool?

    enum CodingKeys: String, CodingKey {
        case id, process
        case standsBy = "stands_by"
    }

    public init(id: AgentID, process: AgentProcessID? = nil, standsBy: Bool? = nil) {
        self.id = id
        self.process = process
        self.standsBy = standsBy
    }
}

extension RPCError {
    private static let displacedReason = "displaced"

    /// What a process hears that is not, or not any more, the one that runs an agent's checks.
    public static let displaced = Self(
        .conflict,
        "another process runs what this agent is assigned",
        data: ["reason": .string(displacedReason)]
    )

    public var isDisplaced: Bool { code == .conflict && data?["reason"] == .string(Self.displacedReason) }
}

extension RPCStreamMethod where Params == AssignmentRequest, Result == AssignmentSet, Element == AssignmentSet {
    /// Answers with what the agent is to run now, and goes on with every change.
    ///
    /// Of the processes that go by the agent's name the one that came last runs it: the stream of the one before ends as
    /// `displaced`, which stops, and sends what it has.
    public static var followAssignments: Self {
        Self("assignment.follow", "Streams what an agent is to run.", of: .orchestrator, callers: [.probeAgent])
    }
}
