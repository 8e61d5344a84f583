public import JSONRPC

/// A standing token of a program, in one tenant and by the rights of the person who made it.
public struct APIToken: Codable, Equatable, Sendable {
    /// What its text begins with, for people and for programs that look for leaked secrets.
    public static let prefix = "sonde_"

    public var id: LoginID
    public var name: String
    /// Who made it.
    public var owner: PersonID
    public var email: String
    public var role: Role
    /// All that the role allows, when left out.
    public var scopes: [Scope]?
    public var createdAt: Timestamp
    /// Never, when left out.
    public var expiresAt: Timestamp?
    /// To a minute.
    public var usedAt: Timestamp?

    enum CodingKeys: String, CodingKey {
        case id, name, owner, email, role, scopes
        case createdAt = "created_at"
        case expiresAt = "expires_at"
        case usedAt = "used_at"
    }

    public init(
        id: LoginID,
        name: String,
        owner: PersonID,
        email: String,
        role: Role,
        scopes: [Scope]?,
        createdAt: Timestamp,
        expiresAt: Timestamp?,
        usedAt: Timestamp? = nil
    ) {
        self.id = id
        self.name = name
        self.owner = owner
        self.email = email
        self.role = role
        self.scopes = scopes
        self.createdAt = createdAt
        self.expiresAt = expiresAt
        self.usedAt = usedAt
    }
}

public struct APITokenList: Codable, Equatable, RPCPayload {
    public var tokens: [APIToken]

    public init(tokens: [APIToken]) { self.tokens = tokens }
}

public struct APITokenRequest: Codable, Equatable, RPCPayload {
    /// 1 to 100 characters.
    public var name: String
    /// Not more than the caller's own.
    public var role: Role
    /// Such as `target:read`; 1 to 50 of them.
    public var scopes: [String]?
    /// A year from now at most.
    public var expiresAt: Timestamp?

    enum CodingKeys: String, CodingKey {
        case name, role, scopes
        case expiresAt = "expires_at"
    }

    public init(name: String, role: Role, scopes: [String]? = nil, expiresAt: Timestamp? = nil) {
        self.name = name
        self.role = role
        self.scopes = scopes
        self.expiresAt = expiresAt
    }
}

/// An API token and its text, which is shown this once.
public struct NewAPIToken: Codable, Equatable, RPCPayload {
    /// To be sent as `Authorization: Bearer`.
    public var token: String
    public var details: APIToken

    public init(token: String, details: APIToken) {
        self.token = token
        self.details = details
    }
}

extension RPCMethod where Params == APITokenRequest, Result == NewAPIToken {
    /// For people: a token cannot make tokens.
    public static var createAPIToken: Self {
        Self(
            "token.create",
            "Makes an API token for a program.",
            of: .gateway,
            access: .viewer,
            rest: .post("/tokens")
        )
    }
}

extension RPCMethod where Params == Empty, Result == APITokenList {
    public static var listAPITokens: Self {
        Self(
            "token.list",
            "Lists the API tokens that the caller made in this tenant; for an administrator those of all members.",
            of: .gateway,
            access: .viewer,
            rest: .get("/tokens"),
            isIdempotent: true
        )
    }
}

extension RPCMethod where Params == LoginReference, Result == Empty {
    public static var deleteAPIToken: Self {
        Self(
            "token.delete",
            "Ends an API token, one's own or as an administrator anyone's in the tenant.",
            of: .gateway,
            access: .viewer,
            rest: .delete("/tokens/{id}"),
            isIdempotent: true
        )
    }
}
