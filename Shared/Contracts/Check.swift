public import JSONRPC

/// How a target is probed.
public enum CheckType: String, Codable, Sendable, CaseIterable, JSONSchemaProviding {
    case icmp
    case tcp
    case http
    case dns
}

/// How, how often and by whom a target is probed.
public struct Check: Codable, Equatable, RPCPayload {
    public var id: CheckID
    public var targetID: TargetID
    public var type: CheckType
    /// From 200 to 86,400,000; 2,500 by default.
    public var intervalMilliseconds: Int
    /// From 10 to 60,000; 3,000 by default.
    public var timeoutMilliseconds: Int
    public var options: CheckOptions
    public var enabled: Bool
    public var createdAt: Timestamp
    public var updatedAt: Timestamp

    enum CodingKeys: String, CodingKey {
        case id, type, options, enabled
        case targetID = "target_id"
        case intervalMilliseconds = "interval_ms"
        case timeoutMilliseconds = "timeout_ms"
        case createdAt = "created_at"
        case updatedAt = "updated_at"
    }

    public init(
        id: CheckID,
        targetID: TargetID,
        type: CheckType,
        intervalMilliseconds: Int,
        timeoutMilliseconds: Int,
        options: CheckOptions,
        enabled: Bool,
        createdAt: Timestamp,
        updatedAt: Timestamp
    ) {
        self.id = id
        self.targetID = targetID
        self.type = type
        self.intervalMilliseconds = intervalMilliseconds
        self.timeoutMilliseconds = timeoutMilliseconds
        self.options = options
        self.enabled = enabled
        self.createdAt = createdAt
        self.updatedAt = updatedAt
    }
}

/// What only some types of check have; each says which.
public struct CheckOptions: Codable, Equatable, Sendable {
    /// `icmp`: bytes of payload, from 0 to 65,000 (fewer than 8 count as 8); 56 by default.
    public var payloadBytes: Int?
    /// `tcp`: the port; 443 by default.
    public var port: Int?
    /// `http`: the whole URL; `https://` and the target's address by default.
    public var url: String?
    /// `http`: the status codes that are a success; 200 to 399 by default.
    public var expectedStatus: [Int]?
    /// `http`: a text that the body must contain within its first 64 KiB.
    public var bodyContains: String?
    /// `dns`: the resolver to ask; by default a target that is an address, and the agent's own for one that is a name.
    public var resolver: String?
    /// `dns`: the name to ask for; by default a target that is a name, and the root for one that is an address.
    public var query: String?
    /// `dns`: `A`, `AAAA`, `CNAME`, `MX`, `NS`, `TXT`, `SRV` or `SOA`; by default `A`, and `NS` for the root.
    public var recordType: String?
    /// `dns`: an answer that must be among those given.
    public var expectedAnswer: String?

    enum CodingKeys: String, CodingKey {
        case port, url, resolver, query
        case payloadBytes = "payload_bytes"
        case expectedStatus = "expected_status"
        case bodyContains = "body_contains"
        case recordType = "record_type"
        case expectedAnswer = "expected_answer"
    }

    public init() {}
}

public struct NewCheck: Codable, Equatable, RPCPayload {
    public var targetID: TargetID
    public var type: CheckType
    public var intervalMilliseconds: Int?
    public var timeoutMilliseconds: Int?
    public var options: CheckOptions?

    enum CodingKeys: String, CodingKey {
        case type, options
        case targetID = "target_id"
        case intervalMilliseconds = "interval_ms"
        case timeoutMilliseconds = "timeout_ms"
    }

    public init(
        targetID: TargetID,
        type: CheckType,
        intervalMilliseconds: Int? = nil,
        timeoutMilliseconds: Int? = nil,
        options: CheckOptions? = nil
    ) {
        self.targetID = targetID
        self.type = type
        self.intervalMilliseconds = intervalMilliseconds
        self.timeoutMilliseconds = timeoutMilliseconds
        self.options = options
    }
}

/// What is to be changed of a check; what is left out stays.
public struct CheckChange: Codable, Equatable, RPCPayload {
    public var id: CheckID
    public var intervalMilliseconds: Int?
    public var timeoutMilliseconds: Int?
    public var options: CheckOptions?
    public var enabled: Bool?

    enum CodingKeys: String, CodingKey {
        case id, options, enabled
        case intervalMilliseconds = "interval_ms"
        case timeoutMilliseconds = "timeout_ms"
    }

    public init(
        id: CheckID,
        intervalMilliseconds: Int? = nil,
        timeoutMilliseconds: Int? = nil,
        options: CheckOptions? = nil,
        enabled: Bool? = nil
    ) {
        self.id = id
        self.intervalMilliseconds = intervalMilliseconds
        self.timeoutMilliseconds = timeoutMilliseconds
        self.options = options
        self.enabled = enabled
    }
}

public struct CheckReference: Codable, Equatable, RPCPayload {
    public var id: CheckID

    public init(id: CheckID) {
        self.id = id
    }
}

public struct CheckFilter: Codable, Equatable, RPCPayload {
    /// All targets, when left out.
    public var targetID: TargetID?

    enum CodingKeys: String, CodingKey {
        case targetID = "target_id"
    }

    public init(targetID: TargetID? = nil) {
        self.targetID = targetID
    }
}

public struct CheckList: Codable, Equatable, RPCPayload {
    public var checks: [Check]

    public init(checks: [Check]) {
        self.checks = checks
    }
}

extension RPCMethod where Params == CheckFilter, Result == CheckList {
    public static var listChecks: Self {
        Self(
            "check.list",
            "Lists the checks of a target, or of all.",
            of: .orchestrator,
            callers: [.alerting],
            access: .viewer,
            rest: .get("/checks"),
            isIdempotent: true
        )
    }
}

extension RPCMethod where Params == NewCheck, Result == Check {
    public static var createCheck: Self {
        Self(
            "check.create",
            "Adds a check to a target.",
            of: .orchestrator,
            access: .editor,
            rest: .post("/checks")
        )
    }
}

extension RPCMethod where Params == CheckChange, Result == Check {
    public static var updateCheck: Self {
        Self(
            "check.update",
            "Changes a check.",
            of: .orchestrator,
            access: .editor,
            rest: .patch("/checks/{id}"),
            isIdempotent: true
        )
    }
}

extension RPCMethod where Params == CheckReference, Result == Empty {
    public static var deleteCheck: Self {
        Self(
            "check.delete",
            "Removes a check.",
            of: .orchestrator,
            access: .editor,
            rest: .delete("/checks/{id}"),
            isIdempotent: true
        )
    }
}
