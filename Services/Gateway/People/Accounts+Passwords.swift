import Contracts
import Database
import DatabaseCalls
import JSONRPC
import Tokens

/// Changing a password, and setting a new one where it was forgotten.
extension Accounts {
    private static let resetLifetime = Duration.seconds(86_400)

    /// Ends all other sign-ins; API tokens stay, which nobody has got through the password.
    func changePassword(_ change: PasswordChange) async throws -> Empty {
        let person = try Person.ofCall
        try rules.check(change.newPassword, "new_password", names: PasswordRules.names(inEmail: person.email))
        let (email, old) = try await database.read(as: .every) { connection in
            _ = try self.currentLogin(connection, of: person)
            let row = try connection.first(
                "SELECT email, password_hash FROM person WHERE id = \(person.id.rawValue)"
            ) { row in (try row.text(0), try row.text(1)) }
            guard let row else { throw Self.refusal }
            return row
        }
        do {
            try await attempt(email) { try await hasher.verify(change.oldPassword, old) }
        } catch let error as RPCError where error == Self.refusal {
            // Not `unauthenticated`: the caller is who they are, and a page must not take this for the end.
            throw invalid("old_password", "is wrong")
        }
        let hash = try await hasher.hash(change.newPassword)
        let now = now()
        try await ending(as: .every) { connection in
            try connection.setPassword(of: person.id, hash: hash, instead: old)
            let others: SQL = "id <> \(person.login?.rawValue ?? "")"
            try connection.endLogins(of: person.id, where: others, now: now)
        }
        return Empty()
    }

    /// Makes a token for a new password; the one before is good no more.
    func resetPassword(_ reference: MemberReference) async throws -> ResetToken {
        let caller = try Person.ofCall
        let (token, now) = (try HandedOut(), now())
        let until = now.advanced(by: Self.resetLifetime)
        _ = try await database.write(as: .every) { connection in
            // A program with a token that ends could be the person for good otherwise.
            _ = try self.currentLogin(connection, of: caller)
            try connection.requirePower(of: caller, over: reference.id)
            try connection.execute(
                """
                INSERT INTO password_reset (person_id, hash, expires_at)
                VALUES (\(reference.id.rawValue), \(token.hash), \(until.microseconds))
                ON CONFLICT (person_id) DO UPDATE SET hash = excluded.hash, expires_at = excluded.expires_at
                """
            )
        }
        return ResetToken(token: token.text, expiresAt: until)
    }

    func finishReset(_ reset: PasswordReset) async throws -> Empty {
        let refusal = invalid("token", "is not known, was used, or is over")
        guard let tokenHash = HandedOut.hash(of: reset.token) else { throw refusal }
        let now = now()
        let found = try await database.read(as: .every) { try $0.personOfReset(tokenHash, now: now) }
        guard let (person, email) = found else { throw refusal }
        try rules.check(reset.newPassword, "new_password", names: PasswordRules.names(inEmail: email))
        let hash = try await hasher.hash(reset.newPassword)
        try await ending(as: .every) { connection in
            guard try connection.execute("DELETE FROM password_reset WHERE hash = \(tokenHash)") == 1 else {
                throw refusal
            }
            try connection.setPassword(of: person, hash: hash)
            try connection.endLogins(of: person, now: now)
            try connection.endAccessTokens(of: person.rawValue, now: now)
        }
        return Empty()
    }
}

extension DatabaseConnection {
    /// Throws `conflict` when the password is not the one of `old` any more.
    fileprivate func setPassword(of person: PersonID, hash: String, instead old: String? = nil) throws {
        let condition: SQL = old.map { "password_hash = \($0)" as SQL } ?? "1 = 1"
        let count = try execute(
            "UPDATE person SET password_hash = \(hash) WHERE id = \(person.rawValue) AND \(condition)"
        )
        guard count == 1 else { throw RPCError(.conflict, "the password was changed meanwhile") }
        try execute("DELETE FROM password_reset WHERE person_id = \(person.rawValue)")
    }

    fileprivate func personOfReset(_ hash: [UInt8], now: Timestamp) throws -> (PersonID, email: String)? {
        try first(
            """
            SELECT person.id, person.email FROM password_reset JOIN person ON person.id = password_reset.person_id
            WHERE password_reset.hash = \(hash) AND password_reset.expires_at > \(now.microseconds)
            """
        ) { row in (PersonID(rawValue: try row[0]), try row[1]) }
    }

    fileprivate func requirePower(of caller: Person, over person: PersonID) throws {
        if caller.isOperator {
            guard try value("SELECT count(*) FROM person WHERE id = \(person.rawValue)") == 1 else {
                throw RPCError(.notFound, "there is no such person")
            }
            return
        }
        let member = try member(person, of: caller.tenant)
        guard member.isResettable(by: caller, tenantCount: try tenantCount(of: person)) else {
            throw RPCError(.permissionDenied, "only an operator can do this for a member of other tenants")
        }
    }
}
