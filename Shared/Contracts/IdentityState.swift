public import JSONRPC

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

/// All that a service has to know to judge access tokens by itself: small, and sent whole.
public struct IdentityState: Codable, Equatable, RPCPayload {
    /// From well before they sign anything until the last token of theirs has run out.
    public var keys: KeySet
    /// Sign-ins and API tokens that have ended while access tokens of theirs have not run out.
    public var endedLogins: Set<LoginID>
    /// By the person's id, the least version that an access token must have to be taken still.
    public var minimumVersions: [String: Int]

    enum CodingKeys: String, CodingKey {
        case keys
        case endedLogins = "ended_logins"
        case minimumVersions = "minimum_versions"
    }

    public init(keys: KeySet, endedLogins: Set<LoginID> = [], minimumVersions: [String: Int] = [:]) {
        self.keys = keys
        self.endedLogins = endedLogins
        self.minimumVersions = minimumVersions
    }

    /// Whether an access token of that sign-in, person and version is to be refused though it has not run out.
    public func hasEnded(_ login: LoginID, of person: PersonID, version: Int) -> Bool {
        endedLogins.contains(login) || version < minimumVersions[person.rawValue] ?? 0
    }
}

extension RPCStreamMethod where Params == Empty, Result == IdentityState, Element == IdentityState {
    /// The result and every element are the whole state; there is an element every few seconds even when nothing has
    /// changed, so that who hears nothing knows that something is wrong.
    public static var followIdentity: Self {
        Self(
            "identity.follow",
            "Streams the keys that sign access tokens, and which tokens have ended early.",
            of: .gateway,
            callers: [.orchestrator, .store, .alerting, .push]
        )
    }
}
