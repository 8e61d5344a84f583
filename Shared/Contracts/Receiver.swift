public import JSONRPC

/// Where incidents are told.
public struct Receiver: Codable, Equatable, RPCPayload {
    public enum Kind: String, Codable, Sendable, CaseIterable, JSONSchemaProviding {
        /// A POST of the incident as JSON, with an `idempotency-key` that is the same for every attempt.
        case webhook
        /// A line of JSON in the alerting service's log.
        case log
    }

    public var id: ReceiverID
    public var name: String
    public var kind: Kind
    /// `webhook`: where to post to.
    public var url: String?
    public var createdAt: Timestamp

    enum CodingKeys: String, CodingKey {
        case id, name, kind, url
        case createdAt = "created_at"
    }

    public init(id: ReceiverID, name: String, kind: Kind, url: String?, createdAt: Timestamp) {
        self.id = id
        self.name = name
        self.kind = kind
        self.url = url
        self.createdAt = createdAt
    }
}

public struct NewReceiver: Codable, Equatable, RPCPayload {
    public var name: String
    public var kind: Receiver.Kind
    public var url: String?

    public init(name: String, kind: Receiver.Kind, url: String? = nil) {
        self.name = name
        self.kind = kind
        self.url = url
    }
}

public struct ReceiverReference: Codable, Equatable, RPCPayload {
    public var id: ReceiverID

    public init(id: ReceiverID) {
        self.id = id
    }
}

public struct ReceiverList: Codable, Equatable, RPCPayload {
    public var receivers: [Receiver]

    public init(receivers: [Receiver]) {
        self.receivers = receivers
    }
}

/// What a webhook is posted.
public struct IncidentNotice: Codable, Equatable, Sendable {
    /// What is told: that it began, or that it is over.
    public var transition: Incident.State
    /// As it was at that moment.
    public var incident: Incident
    /// The receiver's name.
    public var receiver: String

    public init(transition: Incident.State, incident: Incident, receiver: String) {
        self.transition = transition
        self.incident = incident
        self.receiver = receiver
    }
}

extension RPCMethod where Params == Empty, Result == ReceiverList {
    public static var listReceivers: Self {
        Self(
            "receiver.list",
            "Lists where incidents are told.",
            of: .alerting,
            access: .viewer,
            rest: .get("/receivers"),
            isIdempotent: true
        )
    }
}

extension RPCMethod where Params == NewReceiver, Result == Receiver {
    public static var createReceiver: Self {
        Self(
            "receiver.create",
            "Adds a place where incidents are told.",
            of: .alerting,
            access: .admin,
            rest: .post("/receivers")
        )
    }
}

extension RPCMethod where Params == ReceiverReference, Result == Empty {
    public static var deleteReceiver: Self {
        Self(
            "receiver.delete",
            "Removes a place where incidents are told.",
            of: .alerting,
            access: .admin,
            rest: .delete("/receivers/{id}"),
            isIdempotent: true
        )
    }
}
