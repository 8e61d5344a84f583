import Contracts
import Database
import DatabaseCalls
import JSONRPC

/// Members of the caller's tenant.
extension Accounts {
    func members() async throws -> MemberList {
        let caller = try Person.ofCall
        let members = try await database.read(as: .every) { connection in
            try connection.rows(
                """
                SELECT \(MemberRow.columns),
                    (SELECT count(*) FROM membership AS every WHERE every.person_id = person.id)
                FROM membership JOIN person ON person.id = membership.person_id
                WHERE membership.tenant = \(caller.tenant.rawValue) ORDER BY person.email
                """
            ) { try MemberRow($0).member(seenBy: caller, tenantCount: $0[7]) }
        }
        return MemberList(members: members)
    }

    func updateMember(_ change: MemberChange) async throws -> Member {
        let caller = try Person.ofCall
        let tenant = caller.tenant
        let now = now()
        return try await ending(as: tenant) { connection in
            try connection.lock(tenant)
            var member = try connection.member(change.id, of: tenant)
            if member.role != change.role {
                if member.role == .admin { try connection.requireAnotherAdmin(than: member) }
                try connection.execute(
                    """
                    UPDATE membership SET role = \(change.role.rawValue)
                    WHERE tenant = \(tenant.rawValue) AND person_id = \(change.id.rawValue)
                    """
                )
                try connection.endAccessTokens(of: change.id.rawValue, now: now)
                member.role = change.role
            }
            try connection.enter(tenant: RowGuard.everyTenant)
            return member.member(seenBy: caller, tenantCount: try connection.tenantCount(of: change.id))
        }
    }

    /// Whoever is a member of nothing then is gone with all they had, unless they run the installation.
    func removeMember(_ reference: MemberReference) async throws -> Empty {
        let tenant = try Person.ofCall.tenant
        let now = now()
        try await ending(as: tenant) { connection in
            try connection.lock(tenant)
            let member = try connection.member(reference.id, of: tenant)
            if member.role == .admin { try connection.requireAnotherAdmin(than: member) }
            try connection.endLogins(of: member.id, where: "tenant = \(tenant.rawValue)", now: now)
            try connection.endAccessTokens(of: member.id.rawValue, now: now)
            try connection.execute(
                "DELETE FROM membership WHERE tenant = \(tenant.rawValue) AND person_id = \(member.id.rawValue)"
            )
            try connection.removeIfNowhere(member.id.rawValue)
        }
        return Empty()
    }
}

extension DatabaseConnection {
    /// The tenant must be locked, or two could go at once.
    fileprivate func requireAnotherAdmin(than member: MemberRow) throws {
        let others: Int? = try value(
            """
            SELECT count(*) FROM membership
            WHERE tenant = \(member.tenant.rawValue) AND role = 'admin' AND person_id <> \(member.id.rawValue)
            """
        )
        guard others ?? 0 > 0 else { throw RPCError(.conflict, "the last administrator of a tenant has to stay") }
    }

    /// Removes a person who is a member of no tenant; throws `conflict` when that one is an operator.
    ///
    /// The transaction sees every tenant from here on.
    func removeIfNowhere(_ person: String) throws {
        try enter(tenant: RowGuard.everyTenant)
        let tenants: Int? = try value("SELECT count(*) FROM membership WHERE person_id = \(person)")
        guard tenants == 0 else { return }
        guard try value("SELECT is_operator FROM person WHERE id = \(person)") == 0 else {
            throw RPCError(.conflict, "an operator would be a member of no tenant")
        }
        try execute("DELETE FROM person WHERE id = \(person)")
    }
}
