import Contracts
import Database
import JSONRPC
import TLS
import Tokens

/// People who are signed in by somebody else's word.
extension Accounts {
    /// Signs in whom a provider knows: who came that way before, who has the address that it has verified, who has an
    /// invitation, or everyone where settings name a tenant for them.
    ///
    /// Who has an address without having come by the provider before may not be its owner: sign-up asks for no proof. So
    /// what they hold ends then, but for operators, whose address is the settings'.
    ///
    /// Throws `permissionDenied` for anybody else.
    func signIn(
        _ identity: ProvidedIdentity,
        invitation: String?,
        joining tenant: TenantID?,
        as role: Role
    ) async throws -> TokenPair {
        let email = try EmailAddress.checked(identity.email)
        // A password that nobody knows. For those who came before it is not used, and not made.
        let hasCome = try await database.read { try $0.person(of: identity) != nil }
        let hash = hasCome ? nil : try await hasher.hash(Base64URL.encode(randomBytes(32)))
        let now = now()
        let (member, proof) = try await ending(as: .every) { connection -> (MemberRow, String) in
            let id: PersonID
            if let known = try connection.person(of: identity) {
                id = known
            } else {
                guard let hash else { throw Self.stranger(email) }
                if let owner = try connection.password(of: email)?.id {
                    id = owner
                    try connection.claim(owner, by: identity, hash: hash, now: now)
                } else {
                    guard invitation != nil || tenant != nil else { throw Self.stranger(email) }
                    id = .make()
                    try connection.insert(id, email: email, hash: hash, now: now)
                }
                try connection.note(identity, of: id, now: now)
            }
            let open = try invitation.map { try connection.openInvitation($0, "invitation", for: email, now: now) }
            if let open {
                // Who is in already comes to sign in.
                if try !connection.isMember(id, of: open.tenant) { try connection.use(open, by: id, now: now) }
            } else if let tenant, try !connection.isMember(id, of: tenant) {
                try connection.join(id, tenant, as: role, now: now)
            }
            let current: String? = try connection.value("SELECT password_hash FROM person WHERE id = \(id.rawValue)")
            guard let member = try connection.membership(of: id, in: open?.tenant), let current else {
                throw Self.stranger(email)
            }
            return (member, current)
        }
        return try await signIn(member, proving: proof)
    }

    private static func stranger(_ email: String) -> RPCError {
        RPCError(.permissionDenied, "\(email) is no member of any tenant here; ask for an invitation")
    }
}

extension DatabaseConnection {
    /// Who came with this identity before.
    fileprivate func person(of identity: ProvidedIdentity) throws -> PersonID? {
        let id: String? = try value(
            """
            SELECT person_id FROM provided_identity
            WHERE issuer = \(identity.issuer) AND subject = \(identity.subject)
            """
        )
        return id.map { PersonID(rawValue: $0) }
    }

    /// Gives a person to whom the provider says their address belongs.
    ///
    /// Throws `permissionDenied` when it was somebody else's by the same provider: an address may be given to another one.
    fileprivate func claim(_ person: PersonID, by identity: ProvidedIdentity, hash: String, now: Timestamp) throws {
        let others: Int? = try value(
            """
            SELECT count(*) FROM provided_identity
            WHERE issuer = \(identity.issuer) AND person_id = \(person.rawValue)
            """
        )
        guard others == 0 else {
            throw RPCError(
                .permissionDenied,
                "somebody else came with this address before; whoever runs this installation can remove them"
            )
        }
        let changed = try execute(
            "UPDATE person SET password_hash = \(hash) WHERE id = \(person.rawValue) AND is_operator = 0"
        )
        guard changed == 1 else { return }
        try execute("DELETE FROM password_reset WHERE person_id = \(person.rawValue)")
        let tokens = try rows("SELECT id FROM api_token WHERE person_id = \(person.rawValue)") { try $0.text(0) }
        for token in tokens { try revoke(token, version: nil, now: now) }
        try execute("DELETE FROM api_token WHERE person_id = \(person.rawValue)")
        try endLogins(of: person, now: now)
        try endAccessTokens(of: person.rawValue, now: now)
    }

    fileprivate func note(_ identity: ProvidedIdentity, of person: PersonID, now: Timestamp) throws {
        try execute(
            """
            INSERT INTO provided_identity (issuer, subject, person_id, created_at)
            VALUES (\(identity.issuer), \(identity.subject), \(person.rawValue), \(now.microseconds))
            ON CONFLICT (issuer, subject) DO NOTHING
            """
        )
    }

    fileprivate func isMember(_ person: PersonID, of tenant: TenantID) throws -> Bool {
        try value(
            """
            SELECT count(*) FROM membership
            WHERE tenant = \(tenant.rawValue) AND person_id = \(person.rawValue)
            """
        ) ?? 0 > 0
    }
}
