import Contracts
import Database
import JSONRPC
import Tokens

/// A person as a member of one tenant, as the database has them.
struct MemberRow: Sendable {
    static let columns: SQL = """
        person.id, person.email, person.version, person.is_operator, membership.tenant, membership.role,
        membership.joined_at
        """

    var id: PersonID
    var email: String
    var version: Int
    var isOperator: Bool
    var tenant: TenantID
    var role: Role
    var joinedAt: Timestamp

    init(_ row: any DatabaseRow) throws {
        id = PersonID(rawValue: try row[0])
        email = try row[1]
        version = try row[2]
        isOperator = try row[3]
        tenant = TenantID(rawValue: try row[4])
        role = Role(rawValue: try row[5]) ?? .viewer
        joinedAt = Timestamp(microseconds: try row[6])
    }

    /// How a caller sees somebody who is a member of so many tenants.
    func member(seenBy caller: Person, tenantCount: Int) -> Member {
        Member(
            id: id,
            email: email,
            role: role,
            joinedAt: joinedAt,
            isResettable: isResettable(by: caller, tenantCount: tenantCount)
        )
    }

    /// Whose password a caller may reset: with it comes all that the person may do, in all tenants.
    func isResettable(by caller: Person, tenantCount: Int) -> Bool {
        caller.isOperator || (!isOperator && tenantCount == 1)
    }

    func grant(_ login: LoginID) -> AccessGrant {
        let person = Person(
            id: id,
            email: email,
            tenant: tenant,
            role: role,
            isOperator: isOperator,
            login: login
        )
        return AccessGrant(person: person, version: version)
    }
}

extension DatabaseConnection {
    /// A person's membership of `tenant`, or of the one used last, or of the first; none of a tenant that is suspended.
    func membership(of person: PersonID, in tenant: TenantID?) throws -> MemberRow? {
        let condition: SQL = tenant.map { "membership.tenant = \($0.rawValue)" as SQL } ?? "1 = 1"
        return try first(
            """
            SELECT \(MemberRow.columns)
            FROM membership JOIN person ON person.id = membership.person_id
                JOIN tenant ON tenant.id = membership.tenant
            WHERE membership.person_id = \(person.rawValue) AND tenant.suspended_at IS NULL AND \(condition)
            ORDER BY CASE WHEN membership.tenant = person.last_tenant THEN 0 ELSE 1 END, membership.joined_at,
                membership.tenant
            LIMIT 1
            """
        ) { try MemberRow($0) }
    }

    /// A member of a tenant; throws `notFound` for whoever is none.
    func member(_ person: PersonID, of tenant: TenantID) throws -> MemberRow {
        let found = try first(
            """
            SELECT \(MemberRow.columns) FROM membership JOIN person ON person.id = membership.person_id
            WHERE membership.tenant = \(tenant.rawValue) AND membership.person_id = \(person.rawValue)
            """
        ) { try MemberRow($0) }
        guard let found else { throw RPCError(.notFound, "there is no such member") }
        return found
    }

    /// The transaction must see every tenant.
    func tenantCount(of person: PersonID) throws -> Int {
        try value("SELECT count(*) FROM membership WHERE person_id = \(person.rawValue)") ?? 0
    }

    /// Keeps others from changing who belongs to a tenant until the transaction ends.
    func lock(_ tenant: TenantID) throws {
        try execute("UPDATE tenant SET name = name WHERE id = \(tenant.rawValue)")
    }

    /// Makes somebody a member; throws `conflict` for who is one already, and when there are too many.
    func join(_ person: PersonID, _ tenant: TenantID, as role: Role, now: Timestamp) throws {
        try lock(tenant)
        let count: Int? = try value("SELECT count(*) FROM membership WHERE tenant = \(tenant.rawValue)")
        guard count ?? 0 < TenantLimits.members else {
            throw RPCError(.conflict, "the tenant has \(TenantLimits.members) members, and can have no more")
        }
        let added = try execute(
            """
            INSERT INTO membership (tenant, person_id, role, joined_at)
            VALUES (\(tenant.rawValue), \(person.rawValue), \(role.rawValue), \(now.microseconds))
            ON CONFLICT DO NOTHING
            """
        )
        guard added == 1 else { throw RPCError(.conflict, "this person is a member already") }
        try execute("UPDATE person SET last_tenant = \(tenant.rawValue) WHERE id = \(person.rawValue)")
    }
}

/// How much there may be of what people make.
enum TenantLimits {
    static let tenants = 10_000
    static let members = 1_000
    static let invitations = 100
    static let apiTokensPerMember = 100
    static let loginsPerPerson = 50
    static let nameCharacters = 1...100
}
