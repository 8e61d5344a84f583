public import JSONRPC

/// A person in a tenant.
public struct Member: Codable, Equatable, RPCPayload {
    public var id: PersonID
    public var email: String
    public var role: Role
    public var joinedAt: Timestamp
    /// Whether the caller may have their password set anew.
    public var isResettable: Bool

    enum CodingKeys: String, CodingKey {
        case id, email, role
        case joinedAt = "joined_at"
        case isResettable = "resettable"
    }

    public init(id: PersonID, email: String, role: Role, joinedAt: Timestamp, isResettable: Bool) {
        self.id = id
        self.email = email
        self.role = role
        self.joinedAt = joinedAt
        self.isResettable = isResettable
    }
}

public struct MemberList: Codable, Equatable, RPCPayload {
    public var members: [Member]

    public init(members: [Member]) { self.members = members }
}

public struct MemberReference: Codable, Equatable, RPCPayload {
    public var id: PersonID

    public init(id: PersonID) { self.id = id }
}

public struct MemberChange: Codable, Equatable, RPCPayload {
    public var id: PersonID
    public var role: Role

    public init(id: PersonID, role: Role) {
        self.id = id
        self.role = role
    }
}

extension RPCMethod where Params == Empty, Result == MemberList {
    public static var listMembers: Self {
        Self(
            "member.list",
            "Lists the members of the caller's tenant by their addresses.",
            of: .gateway,
            access: .admin,
            rest: .get("/members"),
            isIdempotent: true
        )
    }
}

extension RPCMethod where Params == MemberChange, Result == Member {
    /// Ends the member's access tokens, so that the new role holds at once; throws `conflict` for the last admin.
    public static var updateMember: Self {
        Self(
            "member.update",
            "Gives a member another role.",
            of: .gateway,
            access: .admin,
            rest: .patch("/members/{id}"),
            isIdempotent: true
        )
    }
}

extension RPCMethod where Params == MemberReference, Result == Empty {
    /// Ends all tokens that the member has for this tenant; throws `conflict` for the last admin.
    public static var removeMember: Self {
        Self(
            "member.remove",
            "Removes a member from the caller's tenant.",
            of: .gateway,
            access: .admin,
            rest: .delete("/members/{id}"),
            isIdempotent: true
        )
    }
}
