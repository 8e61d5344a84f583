public import JSONRPC

public struct Credentials: Codable, Sendable, RPCPayload {
    public var email: String
    public var password: String
    /// The one used last, or the first, when left out.
    public var tenant: TenantID?

    public init(email: String, password: String, tenant: TenantID? = nil) {
        self.email = email
        self.password = password
        self.tenant = tenant
    }
}

public struct RefreshToken: Codable, Sendable, RPCPayload {
    public var refreshToken: String

    enum CodingKeys: String, CodingKey {
        case refreshToken = "refresh_token"
    }

    public init(refreshToken: String) {
        self.refreshToken = refreshToken
    }
}

public struct TokenPair: Codable, Sendable, RPCPayload {
    /// A JWT to be sent as `Authorization: Bearer`.
    public var accessToken: String
    public var expiresInSeconds: Int
    /// Good for one use, which returns the next.
    public var refreshToken: String

    enum CodingKeys: String, CodingKey {
        case accessToken = "access_token"
        case expiresInSeconds = "expires_in"
        case refreshToken = "refresh_token"
    }

    public init(accessToken: String, expiresInSeconds: Int, refreshToken: String) {
        self.accessToken = accessToken
        self.expiresInSeconds = expiresInSeconds
        self.refreshToken = refreshToken
    }
}

/// A tenant that one is a member of.
public struct Membership: Codable, Equatable, Sendable {
    public var tenant: TenantID
    public var name: String
    public var role: Role

    public init(tenant: TenantID, name: String, role: Role) {
        self.tenant = tenant
        self.name = name
        self.role = role
    }
}

public struct MembershipList: Codable, Equatable, RPCPayload {
    public var tenants: [Membership]

    public init(tenants: [Membership]) { self.tenants = tenants }
}

public struct TenantReference: Codable, Equatable, RPCPayload {
    public var id: TenantID

    public init(id: TenantID) { self.id = id }
}

extension RPCMethod where Params == Credentials, Result == TokenPair {
    public static var login: Self {
        Self("auth.login", "Signs a person in.", of: .gateway, access: .anyone, rest: .post("/auth/login"))
    }
}

extension RPCMethod where Params == RefreshToken, Result == TokenPair {
    public static var refreshTokens: Self {
        Self(
            "auth.refresh",
            "Exchanges a refresh token for new tokens.",
            of: .gateway,
            access: .anyone,
            rest: .post("/auth/refresh")
        )
    }
}

extension RPCMethod where Params == RefreshToken, Result == Empty {
    public static var logout: Self {
        Self(
            "auth.logout",
            "Ends the sign-in that a refresh token belongs to.",
            of: .gateway,
            access: .anyone,
            rest: .post("/auth/logout"),
            isIdempotent: true
        )
    }
}

extension RPCMethod where Params == Empty, Result == MembershipList {
    public static var listMemberships: Self {
        Self(
            "auth.tenants",
            "Lists the tenants that the caller is a member of.",
            of: .gateway,
            access: .viewer,
            rest: .get("/auth/tenants"),
            isIdempotent: true
        )
    }
}

extension RPCMethod where Params == TenantReference, Result == TokenPair {
    /// Throws `notFound` for a tenant that the caller is no member of, and for one that is suspended.
    public static var switchTenant: Self {
        Self(
            "auth.switch",
            "Goes on in another tenant, with new tokens for it.",
            of: .gateway,
            access: .viewer,
            rest: .post("/auth/switch")
        )
    }
}
