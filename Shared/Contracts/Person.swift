public import JSONRPC

public enum Role: String, Codable, Sendable, CaseIterable, JSONSchemaProviding {
    case viewer
    case editor
    case admin

    /// Whether this role may do what asks for `access`.
    public func allows(_ access: RPCAccess) -> Bool {
        switch self {
        case .viewer: access <= .viewer
        case .editor: access <= .editor
        case .admin: access <= .admin
        }
    }
}

public struct Credentials: Codable, Sendable, RPCPayload {
    public var email: String
    public var password: String

    public init(email: String, password: String) {
        self.email = email
        self.password = password
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

/// Who the token of a call belongs to.
public struct Person: Codable, Equatable, RPCPayload {
    public var id: Identifier<Person>
    public var email: String
    public var tenant: String
    public var role: Role

    public init(id: Identifier<Person>, email: String, tenant: String, role: Role) {
        self.id = id
        self.email = email
        self.tenant = tenant
        self.role = role
    }
}

/// A JSON Web Key Set (RFC 7517) of Ed25519 keys (RFC 8037).
public struct KeySet: Codable, Equatable, RPCPayload {
    public struct Key: Codable, Equatable, Sendable {
        public var kty: String
        public var crv: String
        public var kid: String
        public var use: String
        public var alg: String
        /// The public key in base64url.
        public var x: String

        public init(kid: String, x: String) {
            kty = "OKP"
            crv = "Ed25519"
            use = "sig"
            alg = "EdDSA"
            self.kid = kid
            self.x = x
        }
    }

    public var keys: [Key]

    public init(keys: [Key]) {
        self.keys = keys
    }
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
            "Ends the session of a refresh token.",
            of: .gateway,
            access: .anyone,
            rest: .post("/auth/logout"),
            isIdempotent: true
        )
    }
}

extension RPCMethod where Params == Empty, Result == Person {
    public static var currentPerson: Self {
        Self(
            "auth.me",
            "Returns who is signed in.",
            of: .gateway,
            access: .viewer,
            rest: .get("/auth/me"),
            isIdempotent: true
        )
    }
}

extension RPCMethod where Params == Empty, Result == KeySet {
    public static var listKeys: Self {
        Self(
            "key.list",
            "Returns the public keys that sign access tokens.",
            of: .gateway,
            callers: [.orchestrator, .store, .alerting, .push],
            isIdempotent: true
        )
    }
}
