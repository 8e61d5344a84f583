import Contracts
import Database
import DatabaseCalls
import HTTP
import JSONRPC
import Observability
import Synchronization
import Tokens

/// Gives a request that comes with an API token an access token instead, so that every service verifies a signature
/// itself and trusts nothing else.
final class APITokenExchange: Sendable {
    /// Access tokens that run out sooner are made anew.
    private static let margin = Duration.seconds(60)
    /// How often the time of the last use is written down at most.
    private static let markInterval = Duration.seconds(60)
    private static let maximumKept = 4_096

    private struct Entry: Sendable {
        var accessToken: String
        var login: LoginID
        var person: PersonID
        var version: Int
        /// Until when it is handed out.
        var until: Timestamp
        var markedAt: Timestamp
    }

    private let database: any Database
    private let feed: IdentityFeed
    private let now: @Sendable () -> Timestamp
    /// By the SHA-256 of the API token.
    private let entries = Mutex<[[UInt8]: Entry]>([:])

    init(
        _ database: any Database,
        feed: IdentityFeed,
        now: @escaping @Sendable () -> Timestamp = { .now }
    ) {
        self.database = database
        self.feed = feed
        self.now = now
    }

    /// The API token that a request comes with.
    static func token(in request: HTTPRequest) -> String? {
        guard let field = request.fields["authorization"], field.hasPrefix("Bearer " + APIToken.prefix) else {
            return nil
        }
        return String(field.dropFirst("Bearer ".count))
    }

    /// Whether it was found to be good lately.
    func isKnown(_ text: String) -> Bool {
        guard let hash = HandedOut.hash(of: text, prefix: APIToken.prefix) else { return false }
        return entries.withLock { $0[hash] != nil }
    }

    /// An access token for the API token of a visit, which takes note of it; `nil` when that is not good.
    ///
    /// Throws `busy` where an address has tried too many that are none: each is looked for in the database.
    func accessToken(
        for text: String,
        _ visit: Visit,
        from address: String,
        _ limits: FairLimits
    ) async throws -> String? {
        if !isKnown(text) { try limits.admit(address, count: 0, visit) }
        guard let token = try await accessToken(for: text) else { return nil }
        visit.noteProgram(BearerToken(text))
        return token
    }

    /// A short access token for an API token; `nil` when that is not good.
    func accessToken(for text: String) async throws -> String? {
        guard let hash = HandedOut.hash(of: text, prefix: APIToken.prefix) else { return nil }
        let now = now()
        if var entry = entries.withLock({ $0[hash] }), isGood(entry, now) {
            guard entry.markedAt.advanced(by: Self.markInterval) <= now else { return entry.accessToken }
            try await mark(entry.login, now)
            entry.markedAt = now
            keep(entry, hash, now)
            return entry.accessToken
        }
        return try await make(hash, now)
    }

    private func isGood(_ entry: Entry, _ now: Timestamp) -> Bool {
        entry.until > now && !feed.current.hasEnded(entry.login, of: entry.person, version: entry.version)
    }

    private func make(_ hash: [UInt8], _ now: Timestamp) async throws -> String? {
        guard let row = try await database.read(as: .every, { try $0.apiToken(hash, now: now) }) else {
            entries.withLock { $0[hash] = nil }
            return nil
        }
        if row.usedAt.map({ $0.advanced(by: Self.markInterval) <= now }) ?? true { try await mark(row.login, now) }
        let lifetime = Duration.seconds(TokenProfile.lifetimeSeconds) - Self.margin
        let entry = Entry(
            accessToken: try feed.keys.token(for: row.grant, now: now),
            login: row.login,
            person: row.grant.person.id,
            version: row.grant.version,
            until: min(now.advanced(by: lifetime), row.expiresAt ?? now.advanced(by: lifetime)),
            markedAt: now
        )
        keep(entry, hash, now)
        return entry.accessToken
    }

    private func keep(_ entry: Entry, _ hash: [UInt8], _ now: Timestamp) {
        entries.withLock { entries in
            if entries.count >= Self.maximumKept { entries = entries.filter { $0.value.until > now } }
            if entries.count < Self.maximumKept { entries[hash] = entry }
        }
    }

    private func mark(_ token: LoginID, _ now: Timestamp) async throws {
        _ = try await database.write(as: .every) { connection in
            try connection.execute(
                "UPDATE api_token SET used_at = \(now.microseconds) WHERE id = \(token.rawValue)"
            )
        }
    }
}

/// An API token as far as an access token needs it.
private struct APITokenRow: Sendable {
    var login: LoginID
    var grant: AccessGrant
    var expiresAt: Timestamp?
    var usedAt: Timestamp?
}

extension DatabaseConnection {
    /// With the weaker of the token's role and the one that its owner has now; `nil` when it is unknown or over, or its
    /// tenant is suspended.
    fileprivate func apiToken(_ hash: [UInt8], now: Timestamp) throws -> APITokenRow? {
        try first(
            """
            SELECT \(MemberRow.columns), api_token.id, api_token.role, api_token.scopes, api_token.expires_at,
                api_token.used_at
            FROM api_token
                JOIN membership ON membership.tenant = api_token.tenant
                    AND membership.person_id = api_token.person_id
                JOIN person ON person.id = api_token.person_id
                JOIN tenant ON tenant.id = api_token.tenant
            WHERE api_token.hash = \(hash) AND tenant.suspended_at IS NULL
                AND coalesce(api_token.expires_at, \(Int64.max)) > \(now.microseconds)
            """
        ) { row in
            var member = try MemberRow(row)
            let login = LoginID(rawValue: try row[7])
            member.role = .weaker(member.role, Role(rawValue: try row[8]) ?? .viewer)
            // Running the installation takes a person.
            member.isOperator = false
            var grant = member.grant(login)
            grant.scopes = Scope.list(try row[9])
            let (expires, used): (Int64?, Int64?) = (try row[10], try row[11])
            return APITokenRow(
                login: login,
                grant: grant,
                expiresAt: expires.map { Timestamp(microseconds: $0) },
                usedAt: used.map { Timestamp(microseconds: $0) }
            )
        }
    }
}

extension HTTPRequest {
    /// The same with another token.
    func bearing(_ token: String) -> HTTPRequest {
        var fields = HTTPFields()
        for (name, value) in self.fields.all where name != "authorization" { fields.append(name, value) }
        fields.append("authorization", "Bearer \(token)")
        return HTTPRequest(
            method: method,
            path: path,
            query: query,
            authority: authority,
            fields: fields,
            body: body,
            upgrade: upgrade,
            peer: peer,
            receivedAt: receivedAt
        )
    }
}
