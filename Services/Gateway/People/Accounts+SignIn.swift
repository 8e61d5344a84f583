import Contracts
import Database
import DatabaseCalls
import JSONRPC
import Tokens

/// Sign-ins: who proves a password holds one, and gets access tokens for one tenant at a time with it.
extension Accounts {
    /// A sign-in ends so long after it began, whatever is refreshed.
    private static let lifetime = Duration.seconds(30 * 86_400)
    /// A refresh token that was used a moment ago may be used again: the answer may have been lost.
    private static let grace = Duration.seconds(10)
    /// One that was used longer ago is not known any more, and ends nothing.
    private static let memory = Duration.seconds(86_400)

    private static let ended = RPCError(.unauthenticated, "the sign-in has ended")

    /// Takes as long, and answers the same, for an unknown name, a wrong password, a tenant one does not belong to, and
    /// one that is suspended.
    func login(_ credentials: Credentials) async throws -> TokenPair {
        let email = EmailAddress.folded(credentials.email) ?? ""
        var proof: (hash: String, member: MemberRow?)?
        try await attempt(email) {
            let found = try await database.read(as: .every) {
                connection -> (hash: String, member: MemberRow?)? in
                let known = try connection.password(of: email)
                // Looked up for nobody too, so that it takes as long.
                let nobody = PersonID(rawValue: "")
                let member = try connection.membership(of: known?.id ?? nobody, in: credentials.tenant)
                return known.map { ($0.hash, member) }
            }
            proof = found
            let isRight = try await hasher.verify(credentials.password, found?.hash)
            // Who may not come in has failed, or the pause after too many failures would tell that a password was right.
            return isRight && found?.member != nil
        }
        guard let proof, let member = proof.member else { throw Self.refusal }
        return try await signIn(member, proving: proof.hash)
    }

    /// Begins a sign-in of somebody who has proved to know the password of `hash`.
    ///
    /// Throws `refusal` when it is another one by now: whoever changed it has ended all that came from the old one.
    func signIn(_ member: MemberRow, proving hash: String) async throws -> TokenPair {
        let (id, now) = (LoginID.make(), now())
        let refresh = try HandedOut()
        let origin = RequestOrigin.current
        try await ending(as: .every) { connection in
            // First, since it keeps others from changing the person until this is committed.
            try connection.use(member.tenant, member.id)
            let current: String? = try connection.value(
                "SELECT password_hash FROM person WHERE id = \(member.id.rawValue)"
            )
            guard current == hash else { throw Self.refusal }
            try connection.execute(
                """
                INSERT INTO login (id, person_id, tenant, created_at, used_at, expires_at, address, user_agent)
                VALUES (\(id.rawValue), \(member.id.rawValue), \(member.tenant.rawValue), \(now.microseconds),
                        \(now.microseconds), \(now.advanced(by: Self.lifetime).microseconds), \(origin.address),
                        \(origin.userAgent))
                """
            )
            try connection.add(refresh, to: id)
            try connection.dropOldest(of: member.id, now: now)
        }
        return try pair(member.grant(id), refresh)
    }

    /// Exchanges a refresh token.
    ///
    /// One that was used before ends its sign-in: somebody else has it.
    func refresh(_ token: RefreshToken) async throws -> TokenPair {
        guard let hash = HandedOut.hash(of: token.refreshToken) else { throw Self.ended }
        let now = now()
        let next = try HandedOut()
        let origin = RequestOrigin.current
        let outcome = try await database.write(as: .every) {
            connection -> (login: LoginID, member: MemberRow?)? in
            guard let row = try connection.refreshToken(hash, now: now) else { return nil }
            if let used = row.usedAt, used.duration(to: now) > Self.grace {
                try connection.end(login: row.login.rawValue, now: now)
                return (row.login, nil)
            }
            guard let member = try connection.membership(of: row.person, in: row.tenant) else { return nil }
            try connection.execute(
                "UPDATE refresh_token SET used_at = coalesce(used_at, \(now.microseconds)) WHERE hash = \(hash)"
            )
            try connection.forgetUsed(by: row.login, before: now.advanced(by: .zero - Self.memory))
            try connection.add(next, to: row.login)
            try connection.execute(
                """
                UPDATE login SET used_at = \(now.microseconds), address = \(origin.address),
                    user_agent = \(origin.userAgent)
                WHERE id = \(row.login.rawValue)
                """
            )
            return (row.login, member)
        }
        guard let (login, member) = outcome else { throw Self.ended }
        guard let member else {
            try await feed.refresh()
            throw Self.ended
        }
        return try pair(member.grant(login), next)
    }

    /// Ends a sign-in; ending one that is unknown or over already is no error.
    func logout(_ token: RefreshToken) async throws -> Empty {
        guard let hash = HandedOut.hash(of: token.refreshToken) else { return Empty() }
        let now = now()
        try await ending(as: .every) { connection in
            guard let row = try connection.refreshToken(hash, now: now) else { return }
            try connection.end(login: row.login.rawValue, now: now)
        }
        return Empty()
    }

    /// The sign-in of the call; throws `permissionDenied` for a call with an API token, which cannot do what its owner
    /// alone may.
    func currentLogin(_ connection: any DatabaseConnection, of person: Person) throws -> LoginID {
        let id: String? = try connection.value(
            "SELECT id FROM login WHERE id = \(person.login?.rawValue ?? "") AND person_id = \(person.id.rawValue)"
        )
        guard let id else { throw RPCError(.permissionDenied, "this takes a person's sign-in, and no API token") }
        return LoginID(rawValue: id)
    }

    /// Goes on with the caller's sign-in in another tenant.
    ///
    /// `next` is the refresh token that goes with it.
    func continueSignIn(
        of person: Person,
        in tenant: TenantID,
        _ next: HandedOut,
        _ connection: any DatabaseConnection
    ) throws -> AccessGrant {
        let login = try currentLogin(connection, of: person)
        guard let member = try connection.membership(of: person.id, in: tenant) else {
            throw RPCError(.notFound, "there is no such tenant")
        }
        try connection.execute(
            "UPDATE login SET tenant = \(tenant.rawValue), used_at = \(now().microseconds) WHERE id = \(login.rawValue)"
        )
        // What was handed out before is used up by this.
        try connection.execute(
            """
            UPDATE refresh_token SET used_at = coalesce(used_at, \(now().microseconds))
            WHERE login_id = \(login.rawValue)
            """
        )
        try connection.add(next, to: login)
        try connection.use(tenant, person.id)
        return member.grant(login)
    }

    func switchTenant(_ reference: TenantReference) async throws -> TokenPair {
        let (person, next) = (try Person.ofCall, try HandedOut())
        let grant = try await database.write(as: .every) { connection in
            try self.continueSignIn(of: person, in: reference.id, next, connection)
        }
        return try pair(grant, next)
    }

    func pair(_ grant: AccessGrant, _ refresh: HandedOut) throws -> TokenPair {
        TokenPair(
            accessToken: try feed.keys.token(for: grant, now: now()),
            expiresInSeconds: TokenProfile.lifetimeSeconds,
            refreshToken: refresh.text
        )
    }
}

extension DatabaseConnection {
    /// Who has an address, and the hash of their password.
    func password(of email: String) throws -> (id: PersonID, hash: String)? {
        try first("SELECT id, password_hash FROM person WHERE email = \(email)") { row in
            (PersonID(rawValue: try row[0]), try row[1])
        }
    }

    fileprivate func add(_ token: HandedOut, to login: LoginID) throws {
        try execute("INSERT INTO refresh_token (hash, login_id) VALUES (\(token.hash), \(login.rawValue))")
    }

    fileprivate func use(_ tenant: TenantID, _ person: PersonID) throws {
        try execute("UPDATE person SET last_tenant = \(tenant.rawValue) WHERE id = \(person.rawValue)")
    }

    fileprivate func forgetUsed(by login: LoginID, before limit: Timestamp) throws {
        try execute(
            "DELETE FROM refresh_token WHERE login_id = \(login.rawValue) AND used_at < \(limit.microseconds)"
        )
    }

    fileprivate func refreshToken(
        _ hash: [UInt8],
        now: Timestamp
    ) throws -> (login: LoginID, person: PersonID, tenant: TenantID, usedAt: Timestamp?)? {
        try first(
            """
            SELECT login.id, login.person_id, login.tenant, refresh_token.used_at
            FROM refresh_token JOIN login ON login.id = refresh_token.login_id
            WHERE refresh_token.hash = \(hash) AND login.expires_at > \(now.microseconds)
            """
        ) { row in
            let used: Int64? = try row[3]
            return (
                LoginID(rawValue: try row[0]), PersonID(rawValue: try row[1]), TenantID(rawValue: try row[2]),
                used.map { Timestamp(microseconds: $0) }
            )
        }
    }

    /// Drops the sign-ins that are over, and ends those beyond what one person may have, the longest unused first.
    fileprivate func dropOldest(of person: PersonID, now: Timestamp) throws {
        try execute("DELETE FROM login WHERE expires_at <= \(now.microseconds)")
        let ids = try rows(
            """
            SELECT id FROM login WHERE person_id = \(person.rawValue) ORDER BY used_at DESC, id DESC
            LIMIT 1000 OFFSET \(TenantLimits.loginsPerPerson)
            """
        ) { try $0.text(0) }
        for id in ids { try end(login: id, now: now) }
    }
}
