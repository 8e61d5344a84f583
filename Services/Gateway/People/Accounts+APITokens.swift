import Contracts
import Database
import DatabaseCalls
import JSONRPC
import Tokens

/// The API tokens of programs.
extension Accounts {
    private static let longestLife = Duration.seconds(366 * 86_400)
    private static let maximumScopes = 50

    func createAPIToken(_ request: APITokenRequest) async throws -> NewAPIToken {
        let (person, now) = (try Person.ofCall, now())
        try checkText(request.name, "name", TenantLimits.nameCharacters)
        guard person.role.allows(request.role.access) else { throw invalid("role", "must not be more than your own") }
        if let expiry = request.expiresAt {
            guard expiry > now, expiry <= now.advanced(by: Self.longestLife) else {
                throw invalid("expires_at", "must be within a year from now")
            }
        }
        let scopes = try request.scopes.map { texts throws(RPCError) in try Self.scopes(texts) }
        let secret = try HandedOut(prefix: APIToken.prefix)
        let token = APIToken(
            id: .make(),
            name: request.name,
            owner: person.id,
            email: person.email,
            role: request.role,
            scopes: scopes,
            createdAt: now,
            expiresAt: request.expiresAt
        )
        _ = try await database.write(as: person.tenant) { connection in
            _ = try self.currentLogin(connection, of: person)
            try connection.add(token, of: person, hash: secret.hash)
        }
        return NewAPIToken(token: secret.text, details: token)
    }

    func apiTokens() async throws -> APITokenList {
        let person = try Person.ofCall
        let owned: SQL = person.role == .admin ? "1 = 1" : "api_token.person_id = \(person.id.rawValue)"
        let tokens = try await database.read(as: person.tenant) { connection in
            try connection.rows(
                """
                SELECT api_token.id, api_token.name, person.id, person.email, api_token.role, api_token.scopes,
                    api_token.created_at, api_token.expires_at, api_token.used_at
                FROM api_token JOIN person ON person.id = api_token.person_id
                WHERE api_token.tenant = \(person.tenant.rawValue) AND \(owned) ORDER BY api_token.id DESC
                """
            ) { try APIToken($0) }
        }
        return APITokenList(tokens: tokens)
    }

    /// One that is unknown, or somebody else's, is none, and no error.
    func deleteAPIToken(_ reference: LoginReference) async throws -> Empty {
        let (person, now) = (try Person.ofCall, now())
        let owned: SQL = person.role == .admin ? "1 = 1" : "person_id = \(person.id.rawValue)"
        try await ending(as: person.tenant) { connection in
            let count = try connection.execute(
                """
                DELETE FROM api_token
                WHERE id = \(reference.id.rawValue) AND tenant = \(person.tenant.rawValue) AND \(owned)
                """
            )
            if count > 0 { try connection.revoke(reference.id.rawValue, version: nil, now: now) }
        }
        return Empty()
    }

    private static func scopes(_ texts: [String]) throws(RPCError) -> [Scope] {
        guard (1...maximumScopes).contains(texts.count) else {
            throw invalid("scopes", "must be 1 to \(maximumScopes), or left out")
        }
        var scopes: [Scope] = []
        for text in texts {
            guard let scope = Scope(rawValue: text) else {
                let nouns = Scope.nouns.sorted().joined(separator: ", ")
                throw invalid("scopes", "must be such as target:read or target:write, with one of \(nouns)")
            }
            if !scopes.contains(scope) { scopes.append(scope) }
        }
        return scopes
    }
}

extension APIToken {
    fileprivate init(_ row: any DatabaseRow) throws {
        let (expires, used): (Int64?, Int64?) = (try row[7], try row[8])
        self.init(
            id: LoginID(rawValue: try row[0]),
            name: try row[1],
            owner: PersonID(rawValue: try row[2]),
            email: try row[3],
            role: Role(rawValue: try row[4]) ?? .viewer,
            scopes: Scope.list(try row[5]),
            createdAt: Timestamp(microseconds: try row[6]),
            expiresAt: expires.map { Timestamp(microseconds: $0) },
            usedAt: used.map { Timestamp(microseconds: $0) }
        )
    }
}

extension Scope {
    /// The scopes of a row, with a space between two; one that is no more allows nothing.
    static func list(_ text: String?) -> [Scope]? {
        text?.split(separator: " ").compactMap { Scope(rawValue: String($0)) }
    }
}

extension DatabaseConnection {
    fileprivate func add(_ token: APIToken, of person: Person, hash: [UInt8]) throws {
        try lock(person.tenant)
        let count: Int? = try value(
            """
            SELECT count(*) FROM api_token
            WHERE tenant = \(person.tenant.rawValue) AND person_id = \(person.id.rawValue)
            """
        )
        guard count ?? 0 < TenantLimits.apiTokensPerMember else {
            throw RPCError(.conflict, "you have \(TenantLimits.apiTokensPerMember) tokens; delete some first")
        }
        let scopes = token.scopes.map { $0.map(\.rawValue).joined(separator: " ") }
        try execute(
            """
            INSERT INTO api_token (id, tenant, person_id, name, role, scopes, hash, created_at, expires_at)
            VALUES (\(token.id.rawValue), \(person.tenant.rawValue), \(person.id.rawValue), \(token.name),
                    \(token.role.rawValue), \(scopes), \(hash), \(token.createdAt.microseconds),
                    \(token.expiresAt?.microseconds))
            """
        )
    }
}
