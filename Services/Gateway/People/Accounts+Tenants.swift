import Contracts
import Database
import JSONRPC

/// The caller's tenant, and for operators all of them.
extension Accounts {
    func tenant() async throws -> Tenant {
        let id = try Person.ofCall.tenant
        return try await database.read { try $0.tenant(id) }
    }

    func renameTenant(_ name: TenantName) async throws -> Tenant {
        try checkText(name.name, "name", TenantLimits.nameCharacters)
        let id = try Person.ofCall.tenant
        return try await database.write { connection in
            try connection.execute("UPDATE tenant SET name = \(name.name) WHERE id = \(id.rawValue)")
            return try connection.tenant(id)
        }
    }

    func tenants(_ filter: TenantFilter) async throws -> TenantPage {
        let limit = filter.limit ?? 50
        try checkNumber(limit, "limit", 1...200)
        let tenants = try await database.read { connection in
            try connection.rows(
                """
                SELECT id, name, created_at, suspended_at FROM tenant WHERE id > \(filter.cursor?.rawValue ?? "")
                ORDER BY id LIMIT \(limit + 1)
                """
            ) { try Tenant($0) }
        }
        let isMore = tenants.count > limit
        return TenantPage(tenants: Array(tenants.prefix(limit)), nextCursor: isMore ? tenants[limit - 1].id : nil)
    }

    func createTenant(_ name: TenantName) async throws -> NewTenant {
        try checkText(name.name, "name", TenantLimits.nameCharacters)
        let now = now()
        return try await database.write { connection in
            let tenant = try connection.makeTenant(name.name, now: now)
            try connection.enter(tenant: tenant.id.rawValue)
            let invitation = try connection.invite(to: tenant.id, as: .admin, email: nil, now: now)
            return NewTenant(tenant: tenant, invitation: invitation)
        }
    }

    func suspendTenant(_ reference: TenantReference) async throws -> Tenant {
        try requireForeign(reference.id)
        let now = now()
        return try await ending(as: reference.id) { connection in
            try connection.lock(reference.id)
            try connection.execute(
                """
                UPDATE tenant SET suspended_at = coalesce(suspended_at, \(now.microseconds))
                WHERE id = \(reference.id.rawValue)
                """
            )
            _ = try connection.endAccessTokens(in: reference.id, now: now)
            return try connection.tenant(reference.id)
        }
    }

    func resumeTenant(_ reference: TenantReference) async throws -> Tenant {
        try await database.write { connection in
            try connection.execute("UPDATE tenant SET suspended_at = NULL WHERE id = \(reference.id.rawValue)")
            return try connection.tenant(reference.id)
        }
    }

    func deleteTenant(_ reference: TenantReference) async throws -> Empty {
        try requireForeign(reference.id)
        let now = now()
        try await ending(as: reference.id) { connection in
            try connection.lock(reference.id)
            let people = try connection.endAccessTokens(in: reference.id, now: now)
            let count = try connection.execute("DELETE FROM tenant WHERE id = \(reference.id.rawValue)")
            if count > 0 { try connection.noteRemoval(of: reference.id, now: now) }
            for person in people { try connection.removeIfNowhere(person) }
        }
        return Empty()
    }

    /// Nobody takes away what they stand on, nor the tenant that an installation begins with.
    private func requireForeign(_ tenant: TenantID) throws(RPCError) {
        guard try Person.ofCall.tenant != tenant, tenant != .first else {
            throw RPCError(.conflict, "neither the first tenant nor the caller's own can be taken away")
        }
    }
}

extension Tenant {
    fileprivate init(_ row: any DatabaseRow) throws {
        let suspended: Int64? = try row[3]
        self.init(
            id: TenantID(rawValue: try row[0]),
            name: try row[1],
            createdAt: Timestamp(microseconds: try row[2]),
            suspendedAt: suspended.map { Timestamp(microseconds: $0) }
        )
    }
}

extension DatabaseConnection {
    /// Throws `notFound` when there is no such tenant.
    fileprivate func tenant(_ id: TenantID) throws -> Tenant {
        let found = try first("SELECT id, name, created_at, suspended_at FROM tenant WHERE id = \(id.rawValue)") {
            row in
            try Tenant(row)
        }
        guard let found else { throw RPCError(.notFound, "there is no such tenant") }
        return found
    }

    func makeTenant(_ name: String, now: Timestamp) throws -> Tenant {
        let count: Int? = try value("SELECT count(*) FROM tenant")
        guard count ?? 0 < TenantLimits.tenants else {
            throw RPCError(.conflict, "there are \(TenantLimits.tenants) tenants, and can be no more")
        }
        let id = TenantID(rawValue: UUIDv7.make().description)
        try execute(
            "INSERT INTO tenant (id, name, created_at) VALUES (\(id.rawValue), \(name), \(now.microseconds))"
        )
        return Tenant(id: id, name: name, createdAt: now)
    }

    /// Ends what the members of a tenant act with; returns these.
    fileprivate func endAccessTokens(in tenant: TenantID, now: Timestamp) throws -> [String] {
        let people = try rows("SELECT person_id FROM membership WHERE tenant = \(tenant.rawValue)") { row in
            try row.text(0)
        }
        for person in people { try endAccessTokens(of: person, now: now) }
        return people
    }
}
