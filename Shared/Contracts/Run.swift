public import JSONRPC

public typealias RunID = Identifier<Run>

/// A span of time in which a check ran because its schedule, or a person, said so.
///
/// What was measured in a run are the check's measurements between its times.
public struct Run: Codable, Equatable, RPCPayload {
    public enum Cause: String, Codable, Sendable, CaseIterable, JSONSchemaProviding {
        case schedule
        case person
    }

    public var id: RunID
    public var checkID: CheckID
    /// The one that it follows, or during which it was asked for.
    public var parentID: RunID?
    public var cause: Cause
    /// The e-mail address of the person who asked for it.
    public var startedBy: String?
    public var startedAt: Timestamp
    /// When it is to end, where a person asked for it; until then agents that come back run it, if it is a single one.
    public var until: Timestamp?
    /// Left out as long as it goes on.
    public var endedAt: Timestamp?

    enum CodingKeys: String, CodingKey {
        case id, cause, until
        case checkID = "check_id"
        case parentID = "parent_id"
        case startedBy = "started_by"
        case startedAt = "started_at"
        case endedAt = "ended_at"
    }

    public init(
        id: RunID,
        checkID: CheckID,
        parentID: RunID? = nil,
        cause: Cause,
        startedBy: String? = nil,
        startedAt: Timestamp,
        until: Timestamp? = nil,
        endedAt: Timestamp? = nil
    ) {
        self.id = id
        self.checkID = checkID
        self.parentID = parentID
        self.cause = cause
        self.startedBy = startedBy
        self.startedAt = startedAt
        self.until = until
        self.endedAt = endedAt
    }
}

/// Tells agents to run a check at once.
public struct RunOrder: Codable, Equatable, Sendable {
    /// Obeyed once.
    public var id: RunID
    /// Whether the check runs at no other time.
    public var isOnly: Bool

    enum CodingKeys: String, CodingKey {
        case id
        case isOnly = "only"
    }

    public init(id: RunID, isOnly: Bool) {
        self.id = id
        self.isOnly = isOnly
    }
}

public struct RunRequest: Codable, Equatable, RPCPayload {
    public var id: CheckID
    /// The check runs at its intervals for so long, from 1 second to 31 days; once when left out.
    public var durationSeconds: Int?

    enum CodingKeys: String, CodingKey {
        case id
        case durationSeconds = "duration_s"
    }

    public init(id: CheckID, durationSeconds: Int? = nil) {
        self.id = id
        self.durationSeconds = durationSeconds
    }
}

public struct RunList: Codable, Equatable, RPCPayload {
    /// The newest 100, newest first.
    public var runs: [Run]

    public init(runs: [Run]) {
        self.runs = runs
    }
}

extension RPCMethod where Params == RunRequest, Result == Run {
    /// Within a second on the agents of the check, whatever its schedule says, and also when it is switched off.
    public static var runCheck: Self {
        Self(
            "check.run",
            "Runs a check now: once, or for some time.",
            of: .orchestrator,
            access: .editor,
            rest: .post("/checks/{id}/run")
        )
    }
}

extension RPCMethod where Params == CheckReference, Result == Run {
    /// A schedule that says how long a run takes begins now, too.
    public static var restartCheck: Self {
        Self(
            "check.restart",
            "Ends the run of a check, and begins another one now.",
            of: .orchestrator,
            access: .editor,
            rest: .post("/checks/{id}/restart")
        )
    }
}

extension RPCMethod where Params == CheckReference, Result == RunList {
    public static var listRuns: Self {
        Self(
            "check.runs",
            "Lists when a check ran because its schedule or a person said so, newest first.",
            of: .orchestrator,
            access: .viewer,
            rest: .get("/checks/{id}/runs"),
            isIdempotent: true
        )
    }
}
