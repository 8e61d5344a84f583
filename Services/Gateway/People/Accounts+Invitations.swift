import Contracts
import Database
import DatabaseCalls
import JSONRPC
import Tokens

/// Invitations of the caller's tenant.
extension Accounts {
    private static let lifetime = Duration.seconds(7 * 86_400)

    func invite(_ request: InvitationRequest) async throws -> NewInvitation {
        let tenant = try Person.ofCall.tenant
        let email = try request.email.map { text throws(RPCError) in try EmailAddress.checked(text) }
        let now = now()
        return try await database.write(as: tenant) { connection in
            try connection.invite(to: tenant, as: request.role, email: email, now: now)
        }
    }

    func invitations() async throws -> InvitationList {
        let tenant = try Person.ofCall.tenant
        let now = now()
        let invitations = try await database.read(as: tenant) { connection in
            try connection.rows(
                """
                SELECT id, role, email, created_at, expires_at FROM invitation
                WHERE tenant = \(tenant.rawValue) AND expires_at > \(now.microseconds) ORDER BY id DESC
                """
            ) { row in
                Invitation(
                    id: InvitationID(rawValue: try row[0]),
                    role: Role(rawValue: try row[1]) ?? .viewer,
                    email: try row[2],
                    createdAt: Timestamp(microseconds: try row[3]),
                    expiresAt: Timestamp(microseconds: try row[4])
                )
            }
        }
        return InvitationList(invitations: invitations)
    }

    func deleteInvitation(_ reference: InvitationReference) async throws -> Empty {
        let tenant = try Person.ofCall.tenant
        _ = try await database.write(as: tenant) { connection in
            try connection.execute(
                "DELETE FROM invitation WHERE id = \(reference.id.rawValue) AND tenant = \(tenant.rawValue)"
            )
        }
        return Empty()
    }

    /// For who is about to come in.
    func offer(of invitation: InvitationToken) async throws -> InvitationOffer {
        let now = now()
        let open = try await database.read(as: .every) { try $0.openInvitation(invitation.token, "token", now: now) }
        return InvitationOffer(tenantName: open.tenantName, role: open.role, email: open.email)
    }

    /// Removes those that nobody has used in time, of all tenants.
    func removeEndedInvitations() async throws {
        let now = now()
        _ = try await database.write(as: .every) { connection in
            try connection.execute("DELETE FROM invitation WHERE expires_at <= \(now.microseconds)")
        }
    }

    fileprivate static func expiry(_ now: Timestamp) -> Timestamp { now.advanced(by: lifetime) }
}

/// An invitation that can be used now.
struct OpenInvitation: Sendable {
    var id: InvitationID
    var tenant: TenantID
    var tenantName: String
    var role: Role
    var email: String?
    /// In which its token came.
    var field: String

    var refusal: RPCError { Self.refusal(field) }

    static func refusal(_ field: String) -> RPCError { invalid(field, "is not known, was used, or is over") }
}

extension DatabaseConnection {
    /// Makes an invitation; throws `conflict` when a tenant has too many that nobody uses.
    func invite(to tenant: TenantID, as role: Role, email: String?, now: Timestamp) throws -> NewInvitation {
        try lock(tenant)
        try execute(
            "DELETE FROM invitation WHERE tenant = \(tenant.rawValue) AND expires_at <= \(now.microseconds)"
        )
        let count: Int? = try value("SELECT count(*) FROM invitation WHERE tenant = \(tenant.rawValue)")
        guard count ?? 0 < TenantLimits.invitations else {
            throw RPCError(.conflict, "there are \(TenantLimits.invitations) invitations; delete some first")
        }
        let token = try HandedOut()
        let made = Invitation(
            id: .make(),
            role: role,
            email: email,
            createdAt: now,
            expiresAt: Accounts.expiry(now)
        )
        try execute(
            """
            INSERT INTO invitation (id, tenant, role, email, hash, created_at, expires_at)
            VALUES (\(made.id.rawValue), \(tenant.rawValue), \(role.rawValue), \(email), \(token.hash),
                    \(now.microseconds), \(made.expiresAt.microseconds))
            """
        )
        return NewInvitation(invitation: made, token: token.text)
    }

    /// Throws `invalidParams` also for one that is for somebody else.
    func openInvitation(
        _ token: String,
        _ field: String,
        for email: String,
        now: Timestamp
    ) throws -> OpenInvitation {
        let open = try openInvitation(token, field, now: now)
        guard open.email ?? email == email else { throw open.refusal }
        return open
    }

    /// Throws `invalidParams` for one that is unknown, used, over, or to a suspended tenant.
    ///
    /// The errors are about `field`, in which the token came.
    fileprivate func openInvitation(_ token: String, _ field: String, now: Timestamp) throws -> OpenInvitation {
        let found = try HandedOut.hash(of: token).flatMap { hash in
            try first(
                """
                SELECT invitation.id, tenant.id, tenant.name, invitation.role, invitation.email
                FROM invitation JOIN tenant ON tenant.id = invitation.tenant
                WHERE invitation.hash = \(hash) AND invitation.expires_at > \(now.microseconds)
                    AND tenant.suspended_at IS NULL
                """
            ) { row in
                OpenInvitation(
                    id: InvitationID(rawValue: try row[0]),
                    tenant: TenantID(rawValue: try row[1]),
                    tenantName: try row[2],
                    role: Role(rawValue: try row[3]) ?? .viewer,
                    email: try row[4],
                    field: field
                )
            }
        }
        guard let found else { throw OpenInvitation.refusal(field) }
        return found
    }

    /// Uses an invitation up; of two who try at once, one succeeds.
    func use(_ invitation: OpenInvitation, by person: PersonID, now: Timestamp) throws {
        let used = try execute("DELETE FROM invitation WHERE id = \(invitation.id.rawValue)")
        guard used == 1 else { throw invitation.refusal }
        try join(person, invitation.tenant, as: invitation.role, now: now)
    }
}
