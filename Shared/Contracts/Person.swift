public import JSONRPC

public enum Role: String, Codable, Sendable, CaseIterable, JSONSchemaProviding {
    case viewer
    case editor
    case admin

    /// The weaker of two roles.
    public static func weaker(_ left: Self, _ right: Self) -> Self {
        left.allows(right.access) ? right : left
    }

    /// The access that just this role has.
    public var access: RPCAccess {
        switch self {
        case .viewer: .viewer
        case .editor: .editor
        case .admin: .admin
        }
    }

    /// Whether this role may do what asks for `access`.
    public func allows(_ access: RPCAccess) -> Bool {
        access <= self.access
    }
}

/// Who the token of a call belongs to, and the tenant that the token is for.
public struct Person: Codable, Equatable, RPCPayload {
    public var id: PersonID
    public var email: String
    public var tenant: TenantID
    public var role: Role
    /// Whether the person runs the installation; never with an API token.
    public var isOperator: Bool
    /// The sign-in, or the API token, that the call is made with.
    public var login: LoginID?

    enum CodingKeys: String, CodingKey {
        case id, email, tenant, role, login
        case isOperator = "operator"
    }

    public init(
        id: PersonID,
        email: String,
        tenant: TenantID,
        role: Role,
        isOperator: Bool = false,
        login: LoginID? = nil
    ) {
        self.id = id
        self.email = email
        self.tenant = tenant
        self.role = role
        self.isOperator = isOperator
        self.login = login
    }

    /// Whether this person may do what asks for `access`.
    public func mayUse(_ access: RPCAccess) -> Bool {
        access == .operator ? isOperator : role.allows(access)
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
