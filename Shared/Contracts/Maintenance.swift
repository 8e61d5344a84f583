public import JSONRPC

public typealias MaintenanceID = Identifier<Maintenance>

/// A span of time in which targets are measured as always, and no incident of them begins.
public struct Maintenance: Codable, Equatable, RPCPayload {
    public var id: MaintenanceID
    public var reason: String
    /// Inclusive.
    public var from: Timestamp
    /// Exclusive.
    public var to: Timestamp
    public var targetIDs: [TargetID]
    /// Targets that have all these labels are meant too; none when empty.
    public var labels: [String: String]
    /// The e-mail address of the person who made it.
    public var createdBy: String
    public var createdAt: Timestamp
    public var updatedAt: Timestamp

    enum CodingKeys: String, CodingKey {
        case id, reason, from, to, labels
        case targetIDs = "target_ids"
        case createdBy = "created_by"
        case createdAt = "created_at"
        case updatedAt = "updated_at"
    }

    public init(
        id: MaintenanceID,
        reason: String,
        from: Timestamp,
        to: Timestamp,
        targetIDs: [TargetID],
        labels: [String: String],
        createdBy: String,
        createdAt: Timestamp,
        updatedAt: Timestamp
    ) {
        self.id = id
        self.reason = reason
        self.from = from
        self.to = to
        self.targetIDs = targetIDs
        self.labels = labels
        self.createdBy = createdBy
        self.createdAt = createdAt
        self.updatedAt = updatedAt
    }
}

public struct NewMaintenance: Codable, Equatable, RPCPayload {
    /// From 1 to 200 characters.
    public var reason: String
    public var from: Timestamp
    /// At most 31 days after `from`.
    public var to: Timestamp
    /// At most 1,000; some, unless there are labels.
    public var targetIDs: [TargetID]?
    /// Targets that have all these labels are meant too.
    public var labels: [String: String]?

    enum CodingKeys: String, CodingKey {
        case reason, from, to, labels
        case targetIDs = "target_ids"
    }

    public init(
        reason: String,
        from: Timestamp,
        to: Timestamp,
        targetIDs: [TargetID]? = nil,
        labels: [String: String]? = nil
    ) {
        self.reason = reason
        self.from = from
        self.to = to
        self.targetIDs = targetIDs
        self.labels = labels
    }
}

/// What is to be changed; what is left out stays.
public struct MaintenanceChange: Codable, Equatable, RPCPayload {
    public var id: MaintenanceID
    public var reason: String?
    public var from: Timestamp?
    public var to: Timestamp?
    public var targetIDs: [TargetID]?
    public var labels: [String: String]?

    enum CodingKeys: String, CodingKey {
        case id, reason, from, to, labels
        case targetIDs = "target_ids"
    }

    public init(id: MaintenanceID, reason: String? = nil, to: Timestamp? = nil, targetIDs: [TargetID]? = nil) {
        self.id = id
        self.reason = reason
        self.to = to
        self.targetIDs = targetIDs
    }
}

public struct MaintenanceReference: Codable, Equatable, RPCPayload {
    public var id: MaintenanceID

    public init(id: MaintenanceID) {
        self.id = id
    }
}

public struct MaintenanceList: Codable, Equatable, RPCPayload {
    /// At most 1,000 a tenant; the one that begins last comes first.
    public var maintenance: [Maintenance]

    public init(maintenance: [Maintenance]) {
        self.maintenance = maintenance
    }
}

/// Spans of time in which no incident of some targets begins, with labels resolved to targets.
public struct MaintenanceCalendar: Codable, Equatable, RPCPayload {
    public struct Entry: Codable, Equatable, Sendable {
        public var targetIDs: [TargetID]
        /// Inclusive.
        public var from: Timestamp
        /// Exclusive.
        public var to: Timestamp

        enum CodingKeys: String, CodingKey {
            case from, to
            case targetIDs = "target_ids"
        }

        public init(targetIDs: [TargetID], from: Timestamp, to: Timestamp) {
            self.targetIDs = targetIDs
            self.from = from
            self.to = to
        }
    }

    public var entries: [Entry]

    public init(entries: [Entry]) {
        self.entries = entries
    }
}

extension RPCMethod where Params == Empty, Result == MaintenanceList {
    public static var listMaintenance: Self {
        Self(
            "maintenance.list",
            "Lists maintenance, the one that begins last first.",
            of: .orchestrator,
            access: .viewer,
            rest: .get("/maintenance"),
            isIdempotent: true
        )
    }
}

extension RPCMethod where Params == MaintenanceReference, Result == Maintenance {
    public static var getMaintenance: Self {
        Self(
            "maintenance.get",
            "Returns one maintenance.",
            of: .orchestrator,
            access: .viewer,
            rest: .get("/maintenance/{id}"),
            isIdempotent: true
        )
    }
}

extension RPCMethod where Params == NewMaintenance, Result == Maintenance {
    public static var createMaintenance: Self {
        Self(
            "maintenance.create",
            "Has no incident of some targets begin for some time.",
            of: .orchestrator,
            access: .editor,
            rest: .post("/maintenance")
        )
    }
}

extension RPCMethod where Params == MaintenanceChange, Result == Maintenance {
    public static var updateMaintenance: Self {
        Self(
            "maintenance.update",
            "Changes a maintenance.",
            of: .orchestrator,
            access: .editor,
            rest: .patch("/maintenance/{id}"),
            isIdempotent: true
        )
    }
}

extension RPCMethod where Params == MaintenanceReference, Result == Empty {
    public static var deleteMaintenance: Self {
        Self(
            "maintenance.delete",
            "Removes a maintenance, and ends it.",
            of: .orchestrator,
            access: .editor,
            rest: .delete("/maintenance/{id}"),
            isIdempotent: true
        )
    }
}

extension RPCMethod where Params == Empty, Result == MaintenanceCalendar {
    /// From an hour ago to an hour ahead, so that late measurements are judged by their own time, and alerting can do
    /// without the orchestrator for a while.
    public static var maintenanceCalendar: Self {
        Self(
            "maintenance.calendar",
            "Tells of which targets no incident is to begin, and when.",
            of: .orchestrator,
            callers: [.alerting],
            isIdempotent: true
        )
    }
}
