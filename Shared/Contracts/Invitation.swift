public import JSONRPC

/// A place in a tenant that is kept for whoever holds its token.
public struct Invitation: Codable, Equatable, Sendable {
    public var id: InvitationID
    public var role: Role
    /// The only address that may use it, if there is one.
    public var email: String?
    public var createdAt: Timestamp
    public var expiresAt: Timestamp

    enum CodingKeys: String, CodingKey {
        case id, role, email
        case createdAt = "created_at"
        case expiresAt = "expires_at"
    }

    public init(id: InvitationID, role: Role, email: String?, createdAt: Timestamp, expiresAt: Timestamp) {
        self.id = id
        self.role = role
        self.email = email
        self.createdAt = createdAt
        self.expiresAt = expiresAt
    }
}

public struct InvitationList: Codable, Equatable, RPCPayload {
    public var invitations: [Invitation]

    public init(invitations: [Invitation]) { self.invitations = invitations }
}

public struct InvitationReference: Codable, Equatable, RPCPayload {
    public var id: InvitationID

    public init(id: InvitationID) { self.id = id }
}

public struct InvitationRequest: Codable, Equatable, RPCPayload {
    public var role: Role
    public var email: String?

    public init(role: Role, email: String? = nil) {
        self.role = role
        self.email = email
    }
}

/// An invitation and its token, which is shown this once.
public struct NewInvitation: Codable, Equatable, RPCPayload {
    public var invitation: Invitation
    public var token: String

    public init(invitation: Invitation, token: String) {
        self.invitation = invitation
        self.token = token
    }
}

public struct InvitationToken: Codable, Sendable, RPCPayload {
    public var token: String

    public init(token: String) { self.token = token }
}

/// What whoever holds an invitation's token is asked to.
public struct InvitationOffer: Codable, Equatable, RPCPayload {
    public var tenantName: String
    public var role: Role
    /// The only address that may use it, if there is one.
    public var email: String?

    enum CodingKeys: String, CodingKey {
        case role, email
        case tenantName = "tenant_name"
    }

    public init(tenantName: String, role: Role, email: String?) {
        self.tenantName = tenantName
        self.role = role
        self.email = email
    }
}

extension RPCMethod where Params == InvitationRequest, Result == NewInvitation {
    /// Good for one person within seven days.
    public static var createInvitation: Self {
        Self(
            "invitation.create",
            "Makes an invitation to the caller's tenant.",
            of: .gateway,
            access: .admin,
            rest: .post("/invitations")
        )
    }
}

extension RPCMethod where Params == Empty, Result == InvitationList {
    public static var listInvitations: Self {
        Self(
            "invitation.list",
            "Lists the invitations that nobody has used yet.",
            of: .gateway,
            access: .admin,
            rest: .get("/invitations"),
            isIdempotent: true
        )
    }
}

extension RPCMethod where Params == InvitationReference, Result == Empty {
    public static var deleteInvitation: Self {
        Self(
            "invitation.delete",
            "Takes an invitation back.",
            of: .gateway,
            access: .admin,
            rest: .delete("/invitations/{id}"),
            isIdempotent: true
        )
    }
}

extension RPCMethod where Params == InvitationToken, Result == InvitationOffer {
    /// For who is about to use it: throws `invalidParams` for one that cannot be used.
    ///
    /// It is no `GET`, because addresses are kept in histories and logs.
    public static var getInvitation: Self {
        Self(
            "invitation.get",
            "Says which tenant an invitation is to, and as what.",
            of: .gateway,
            access: .anyone,
            rest: .post("/invitations/get"),
            isIdempotent: true
        )
    }
}

extension RPCMethod where Params == InvitationToken, Result == TokenPair {
    /// For who is signed in; others use `auth.signup`.
    public static var acceptInvitation: Self {
        Self(
            "invitation.accept",
            "Joins the tenant of an invitation, and goes on there with new tokens.",
            of: .gateway,
            access: .viewer,
            rest: .post("/invitations/accept")
        )
    }
}
