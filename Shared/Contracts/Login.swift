public import JSONRPC

/// A sign-in that goes on: what one browser or program holds.
public struct Login: Codable, Equatable, Sendable {
    public var id: LoginID
    public var tenant: TenantID
    public var createdAt: Timestamp
    /// When tokens were last asked for with it.
    public var usedAt: Timestamp
    public var expiresAt: Timestamp
    /// Where it was used last, and by which program, as far as that is known.
    public var address: String?
    public var userAgent: String?
    /// Whether it is the one that this call is made with.
    public var isCurrent: Bool

    enum CodingKeys: String, CodingKey {
        case id, tenant, address
        case createdAt = "created_at"
        case usedAt = "used_at"
        case expiresAt = "expires_at"
        case userAgent = "user_agent"
        case isCurrent = "current"
    }

    public init(
        id: LoginID,
        tenant: TenantID,
        createdAt: Timestamp,
        usedAt: Timestamp,
        expiresAt: Timestamp,
        address: String?,
        userAgent: String?,
        isCurrent: Bool
    ) {
        self.id = id
        self.tenant = tenant
        self.createdAt = createdAt
        self.usedAt = usedAt
        self.expiresAt = expiresAt
        self.address = address
        self.userAgent = userAgent
        self.isCurrent = isCurrent
    }
}

public struct LoginList: Codable, Equatable, RPCPayload {
    public var logins: [Login]

    public init(logins: [Login]) { self.logins = logins }
}

public struct LoginReference: Codable, Equatable, RPCPayload {
    public var id: LoginID

    public init(id: LoginID) { self.id = id }
}

extension RPCMethod where Params == Empty, Result == LoginList {
    public static var listLogins: Self {
        Self(
            "login.list",
            "Lists where the caller is signed in, the one used last first.",
            of: .gateway,
            access: .viewer,
            rest: .get("/logins"),
            isIdempotent: true
        )
    }
}

extension RPCMethod where Params == LoginReference, Result == Empty {
    public static var endLogin: Self {
        Self(
            "login.end",
            "Ends one of the caller's sign-ins, and all of its tokens.",
            of: .gateway,
            access: .viewer,
            rest: .delete("/logins/{id}"),
            isIdempotent: true
        )
    }
}
