public import JSONRPC

/// A span of time of which an agent had measurements that it could not keep.
public struct Gap: Codable, Equatable, RPCPayload {
    /// Why measurements are gone.
    public enum Cause: String, Codable, Sendable, CaseIterable, JSONSchemaProviding {
        /// The spool was full while the store was away; the oldest went.
        case spoolFull = "spool_full"
        /// The spool could not be written, and there was no more memory for them.
        case spoolFailed = "spool_failed"
        /// They were damaged on the disk.
        case corrupt
        /// The store refused them.
        case refused
    }

    public var id: GapID
    public var agentID: AgentID
    /// The time of the first measurement that is gone, as near as it is known.
    public var from: Timestamp
    /// The time of the last one.
    public var to: Timestamp
    /// How many are gone.
    public var rows: Int
    public var cause: Cause

    enum CodingKeys: String, CodingKey {
        case id, from, to, rows, cause
        case agentID = "agent_id"
    }

    public init(id: GapID, agentID: AgentID, from: Timestamp, to: Timestamp, rows: Int, cause: Cause) {
        self.id = id
        self.agentID = agentID
        self.from = from
        self.to = to
        self.rows = rows
        self.cause = cause
    }
}

public typealias GapID = Identifier<Gap>

/// Which gaps, newest first.
public struct GapFilter: Codable, Equatable, RPCPayload {
    public var agentID: AgentID?
    /// Gaps that end before this are left out; a day before `to` when it is not given.
    public var from: Timestamp?
    /// Gaps that begin at this time or later are left out; now when it is not given.
    public var to: Timestamp?
    /// From 1 to 1,000; 100 when left out.
    public var limit: Int?

    enum CodingKeys: String, CodingKey {
        case from, to, limit
        case agentID = "agent_id"
    }

    public init(agentID: AgentID? = nil, from: Timestamp? = nil, to: Timestamp? = nil, limit: Int? = nil) {
        self.agentID = agentID
        self.from = from
        self.to = to
        self.limit = limit
    }
}

public struct GapList: Codable, Equatable, RPCPayload {
    public var gaps: [Gap]

    public init(gaps: [Gap]) {
        self.gaps = gaps
    }
}

extension RPCMethod where Params == Gap, Result == Empty {
    /// A gap that is reported again with its `id` may only have grown; whichever report is larger counts.
    public static var reportGap: Self {
        Self(
            "gap.report",
            "Says that measurements are gone.",
            of: .store,
            callers: [.probeAgent],
            isIdempotent: true
        )
    }
}

extension RPCMethod where Params == GapFilter, Result == GapList {
    public static var listGaps: Self {
        Self(
            "gap.list",
            "Lists the times of which agents lost measurements, newest first.",
            of: .store,
            access: .viewer,
            rest: .get("/gaps"),
            isIdempotent: true
        )
    }
}
