import Contracts
import Database
import DatabaseCalls
import JSONRPC

/// The caller's own sign-ins and tenants.
extension Accounts {
    func logins() async throws -> LoginList {
        let person = try Person.ofCall
        let now = now()
        let logins = try await database.read { connection in
            try connection.rows(
                """
                SELECT id, tenant, created_at, used_at, expires_at, address, user_agent FROM login
                WHERE person_id = \(person.id.rawValue) AND expires_at > \(now.microseconds)
                ORDER BY used_at DESC, id DESC
                """
            ) { row in
                let id = LoginID(rawValue: try row[0])
                return Login(
                    id: id,
                    tenant: TenantID(rawValue: try row[1]),
                    createdAt: Timestamp(microseconds: try row[2]),
                    usedAt: Timestamp(microseconds: try row[3]),
                    expiresAt: Timestamp(microseconds: try row[4]),
                    address: try row[5],
                    userAgent: try row[6],
                    isCurrent: id == person.login
                )
            }
        }
        return LoginList(logins: logins)
    }

    /// Ends one of the caller's sign-ins; one that is over or somebody else's is none, and no error.
    func endLogin(_ reference: LoginReference) async throws -> Empty {
        let person = try Person.ofCall
        let now = now()
        try await ending(as: .every) { connection in
            _ = try self.currentLogin(connection, of: person)
            try connection.endLogins(of: person.id, where: "id = \(reference.id.rawValue)", now: now)
        }
        return Empty()
    }

    func memberships() async throws -> MembershipList {
        let person = try Person.ofCall
        let tenants = try await database.read(as: .every) { connection in
            try connection.rows(
                """
                SELECT tenant.id, tenant.name, membership.role
                FROM membership JOIN tenant ON tenant.id = membership.tenant
                WHERE membership.person_id = \(person.id.rawValue) AND tenant.suspended_at IS NULL
                ORDER BY tenant.name, tenant.id
                """
            ) { row in
                Membership(
                    tenant: TenantID(rawValue: try row[0]),
                    name: try row[1],
                    role: Role(rawValue: try row[2]) ?? .viewer
                )
            }
        }
        return MembershipList(tenants: tenants)
    }
}
