public import JSONRPC

/// A team: it owns targets, rules, measurements, and shares none of them.
public struct Tenant: Codable, Equatable, RPCPayload {
    public var id: TenantID
    public var name: String
    public var createdAt: Timestamp
    /// While it is suspended, nobody can sign in to it and none of its tokens is taken.
    public var suspendedAt: Timestamp?

    enum CodingKeys: String, CodingKey {
        case id, name
        case createdAt = "created_at"
        case suspendedAt = "suspended_at"
    }

    public init(id: TenantID, name: String, createdAt: Timestamp, suspendedAt: Timestamp? = nil) {
        self.id = id
        self.name = name
        self.createdAt = createdAt
        self.suspendedAt = suspendedAt
    }
}

public struct TenantName: Codable, Equatable, RPCPayload {
    /// 1 to 100 characters; several tenants may have the same.
    public var name: String

    public init(name: String) { self.name = name }
}

/// A tenant that was made, and the invitation for who is to administrate it.
public struct NewTenant: Codable, Equatable, RPCPayload {
    public var tenant: Tenant
    public var invitation: NewInvitation

    public init(tenant: Tenant, invitation: NewInvitation) {
        self.tenant = tenant
        self.invitation = invitation
    }
}

public struct TenantFilter: Codable, Equatable, RPCPayload {
    /// From 1 to 200; 50 when left out.
    public var limit: Int?
    /// `next_cursor` of the page before.
    public var cursor: TenantID?

    public init(limit: Int? = nil, cursor: TenantID? = nil) {
        self.limit = limit
        self.cursor = cursor
    }
}

public struct TenantPage: Codable, Equatable, RPCPayload {
    public var tenants: [Tenant]
    /// Left out on the last page.
    public var nextCursor: TenantID?

    enum CodingKeys: String, CodingKey {
        case tenants
        case nextCursor = "next_cursor"
    }

    public init(tenants: [Tenant], nextCursor: TenantID? = nil) {
        self.tenants = tenants
        self.nextCursor = nextCursor
    }
}

extension RPCMethod where Params == Empty, Result == Tenant {
    public static var getTenant: Self {
        Self(
            "tenant.get",
            "Returns the tenant that the caller's token is for.",
            of: .gateway,
            access: .viewer,
            rest: .get("/tenant"),
            isIdempotent: true
        )
    }
}

extension RPCMethod where Params == TenantName, Result == Tenant {
    public static var updateTenant: Self {
        Self(
            "tenant.update",
            "Gives the caller's tenant another name.",
            of: .gateway,
            access: .admin,
            rest: .patch("/tenant"),
            isIdempotent: true
        )
    }
}

extension RPCMethod where Params == TenantFilter, Result == TenantPage {
    public static var listTenants: Self {
        Self(
            "tenant.list",
            "Lists all tenants of the installation, by their ids.",
            of: .gateway,
            access: .operator,
            rest: .get("/tenants"),
            isIdempotent: true
        )
    }
}

extension RPCMethod where Params == TenantName, Result == NewTenant {
    public static var createTenant: Self {
        Self(
            "tenant.create",
            "Makes a tenant, and an invitation for its administrator.",
            of: .gateway,
            access: .operator,
            rest: .post("/tenants")
        )
    }
}

extension RPCMethod where Params == TenantReference, Result == Tenant {
    public static var suspendTenant: Self {
        Self(
            "tenant.suspend",
            "Ends all tokens of a tenant, and gives out no new ones.",
            of: .gateway,
            access: .operator,
            rest: .post("/tenants/{id}/suspend"),
            isIdempotent: true
        )
    }

    public static var resumeTenant: Self {
        Self(
            "tenant.resume",
            "Lets the members of a suspended tenant sign in again.",
            of: .gateway,
            access: .operator,
            rest: .post("/tenants/{id}/resume"),
            isIdempotent: true
        )
    }
}

extension RPCMethod where Params == TenantReference, Result == Empty {
    /// People who are members of no other tenant go with it.
    public static var deleteTenant: Self {
        Self(
            "tenant.delete",
            "Removes a tenant with its memberships, invitations and tokens.",
            of: .gateway,
            access: .operator,
            rest: .delete("/tenants/{id}"),
            isIdempotent: true
        )
    }
}
