public import JSONRPC

public typealias SessionID = Identifier<Session>

/// A span of time with a name: what was seen then of some targets, to come back to.
public struct Session: Codable, Equatable, RPCPayload {
    public var id: SessionID
    /// There is one of each name.
    public var name: String
    /// Inclusive.
    public var from: Timestamp
    /// Exclusive; left out as long as the session goes on.
    public var to: Timestamp?
    public var note: String
    /// All targets, when empty.
    public var targetIDs: [TargetID]
    /// All types of check, when empty.
    public var types: [CheckType]
    /// The e-mail address of the person who made it.
    public var createdBy: String
    public var createdAt: Timestamp
    public var updatedAt: Timestamp

    enum CodingKeys: String, CodingKey {
        case id, name, from, to, note, types
        case targetIDs = "target_ids"
        case createdBy = "created_by"
        case createdAt = "created_at"
        case updatedAt = "updated_at"
    }

    public init(
        id: SessionID,
        name: String,
        from: Timestamp,
        to: Timestamp?,
        note: String,
        targetIDs: [TargetID],
        types: [CheckType],
        createdBy: String,
        createdAt: Timestamp,
        updatedAt: Timestamp
    ) {
        self.id = id
        self.name = name
        self.from = from
        self.to = to
        self.note = note
        self.targetIDs = targetIDs
        self.types = types
        self.createdBy = createdBy
        self.createdAt = createdAt
        self.updatedAt = updatedAt
    }
}

public struct NewSession: Codable, Equatable, RPCPayload {
    /// From 1 to 100 characters.
    public var name: String
    public var from: Timestamp
    /// Left out for a session that goes on.
    public var to: Timestamp?
    /// At most 10,000 characters.
    public var note: String?
    /// At most 1,000; all targets, when left out.
    public var targetIDs: [TargetID]?
    /// All types of check, when left out.
    public var types: [CheckType]?

    enum CodingKeys: String, CodingKey {
        case name, from, to, note, types
        case targetIDs = "target_ids"
    }

    public init(
        name: String,
        from: Timestamp,
        to: Timestamp? = nil,
        note: String? = nil,
        targetIDs: [TargetID]? = nil,
        types: [CheckType]? = nil
    ) {
        self.name = name
        self.from = from
        self.to = to
        self.note = note
        self.targetIDs = targetIDs
        self.types = types
    }
}

/// What is left out stays as it is; a session that has ended stays so.
public struct SessionChange: Codable, Equatable, RPCPayload {
    public var id: SessionID
    public var name: String?
    public var from: Timestamp?
    public var to: Timestamp?
    public var note: String?
    public var targetIDs: [TargetID]?
    public var types: [CheckType]?
    /// The version that is to be changed, and no other; whatever is there, when left out.
    public var ifUpdatedAt: Timestamp?

    enum CodingKeys: String, CodingKey {
        case id, name, from, to, note, types
        case targetIDs = "target_ids"
        case ifUpdatedAt = "if_updated_at"
    }

    public init(id: SessionID, name: String? = nil, to: Timestamp? = nil, note: String? = nil) {
        self.id = id
        self.name = name
        self.to = to
        self.note = note
    }
}

/// What is to be removed, and in which version.
public struct SessionRemoval: Codable, Equatable, RPCPayload {
    public var id: SessionID
    /// The version that is to be removed, and no other; whatever is there, when left out.
    public var ifUpdatedAt: Timestamp?

    enum CodingKeys: String, CodingKey {
        case id
        case ifUpdatedAt = "if_updated_at"
    }

    public init(id: SessionID, ifUpdatedAt: Timestamp? = nil) {
        self.id = id
        self.ifUpdatedAt = ifUpdatedAt
    }
}

public struct SessionReference: Codable, Equatable, RPCPayload {
    public var id: SessionID

    public init(id: SessionID) {
        self.id = id
    }
}

public struct SessionFilter: Codable, Equatable, RPCPayload {
    /// The one that has this name, if there is one.
    public var name: String?
    /// From 1 to 200; 50 when left out.
    public var limit: Int?
    /// `next_cursor` of the page before.
    public var cursor: String?

    public init(name: String? = nil, limit: Int? = nil, cursor: String? = nil) {
        self.name = name
        self.limit = limit
        self.cursor = cursor
    }
}

public struct SessionPage: Codable, Equatable, RPCPayload {
    public var sessions: [Session]
    /// Left out on the last page.
    public var nextCursor: String?

    enum CodingKeys: String, CodingKey {
        case sessions
        case nextCursor = "next_cursor"
    }

    public init(sessions: [Session], nextCursor: String? = nil) {
        self.sessions = sessions
        self.nextCursor = nextCursor
    }
}

extension RPCMethod where Params == SessionFilter, Result == SessionPage {
    public static var listSessions: Self {
        Self(
            "session.list",
            "Lists sessions, the one that began last first.",
            of: .store,
            access: .viewer,
            rest: .get("/sessions"),
            isIdempotent: true
        )
    }
}

extension RPCMethod where Params == SessionReference, Result == Session {
    public static var getSession: Self {
        Self(
            "session.get",
            "Returns one session.",
            of: .store,
            access: .viewer,
            rest: .get("/sessions/{id}"),
            isIdempotent: true
        )
    }
}

extension RPCMethod where Params == NewSession, Result == Session {
    public static var createSession: Self {
        Self(
            "session.create",
            "Gives a span of time a name.",
            of: .store,
            access: .editor,
            rest: .post("/sessions")
        )
    }
}

extension RPCMethod where Params == SessionChange, Result == Session {
    public static var updateSession: Self {
        Self(
            "session.update",
            "Changes a session.",
            of: .store,
            access: .editor,
            rest: .patch("/sessions/{id}"),
            isIdempotent: true
        )
    }
}

extension RPCMethod where Params == SessionRemoval, Result == Empty {
    public static var deleteSession: Self {
        Self(
            "session.delete",
            "Removes a session, and no measurements.",
            of: .store,
            access: .editor,
            rest: .delete("/sessions/{id}"),
            isIdempotent: true
        )
    }
}
