public import JSONRPC

/// One call that was to change something: who made it, what it concerned, and whether it was let through.
public struct AuditEntry: Codable, Equatable, Sendable {
    /// Later entries have larger ones.
    public var id: Int
    public var time: Timestamp
    /// Left out when nobody is known who made the call.
    public var personID: PersonID?
    public var email: String?
    /// The API token that the call was made with; left out for a session.
    public var tokenID: String?
    /// The network address that the call came from.
    public var address: String
    /// Such as `target.delete`.
    public var method: String
    /// The ids in its params, and the id of what it made; at most 1,000.
    public var ids: [String]
    public var allowed: Bool
    /// Why it was not carried out: the code of the error.
    public var code: Int?

    enum CodingKeys: String, CodingKey {
        case id, time, email, address, method, ids, allowed, code
        case personID = "person_id"
        case tokenID = "token_id"
    }

    public init(
        id: Int,
        time: Timestamp,
        personID: PersonID?,
        email: String?,
        tokenID: String?,
        address: String,
        method: String,
        ids: [String],
        allowed: Bool,
        code: Int?
    ) {
        self.id = id
        self.time = time
        self.personID = personID
        self.email = email
        self.tokenID = tokenID
        self.address = address
        self.method = method
        self.ids = ids
        self.allowed = allowed
        self.code = code
    }
}

/// Which entries, newest first.
public struct AuditFilter: Codable, Equatable, RPCPayload {
    public var personID: PersonID?
    public var method: String?
    /// Inclusive.
    public var from: Timestamp?
    /// Exclusive.
    public var to: Timestamp?
    /// From 1 to 1,000; 100 when left out.
    public var limit: Int?
    /// `next_cursor` of the page before.
    public var cursor: String?

    enum CodingKeys: String, CodingKey {
        case method, from, to, limit, cursor
        case personID = "person_id"
    }

    public init(
        personID: PersonID? = nil,
        method: String? = nil,
        from: Timestamp? = nil,
        to: Timestamp? = nil,
        limit: Int? = nil,
        cursor: String? = nil
    ) {
        self.personID = personID
        self.method = method
        self.from = from
        self.to = to
        self.limit = limit
        self.cursor = cursor
    }
}

public struct AuditPage: Codable, Equatable, RPCPayload {
    public var entries: [AuditEntry]
    /// Left out on the last page.
    public var nextCursor: String?

    enum CodingKeys: String, CodingKey {
        case entries
        case nextCursor = "next_cursor"
    }

    public init(entries: [AuditEntry], nextCursor: String? = nil) {
        self.entries = entries
        self.nextCursor = nextCursor
    }
}

/// Which entries, oldest first.
public struct AuditExport: Codable, Equatable, RPCPayload {
    public var personID: PersonID?
    public var method: String?
    /// Inclusive.
    public var from: Timestamp?
    /// Exclusive.
    public var to: Timestamp?
    /// Goes on after the piece that had this cursor.
    public var cursor: String?

    enum CodingKeys: String, CodingKey {
        case method, from, to, cursor
        case personID = "person_id"
    }

    public init(
        personID: PersonID? = nil,
        method: String? = nil,
        from: Timestamp? = nil,
        to: Timestamp? = nil,
        cursor: String? = nil
    ) {
        self.personID = personID
        self.method = method
        self.from = from
        self.to = to
        self.cursor = cursor
    }
}

extension RPCMethod where Params == AuditFilter, Result == AuditPage {
    public static var listAudit: Self {
        Self(
            "audit.list",
            "Lists who changed what in the caller's tenant, newest first.",
            of: .gateway,
            access: .admin,
            rest: .get("/audit"),
            isIdempotent: true
        )
    }
}

extension RPCStreamMethod where Params == AuditExport, Result == Download, Element == DownloadPiece {
    public static var exportAudit: Self {
        Self(
            "audit.export",
            "Streams who changed what as JSON lines, oldest first.",
            of: .gateway,
            access: .admin,
            rest: .get("/audit/export")
        )
    }
}
