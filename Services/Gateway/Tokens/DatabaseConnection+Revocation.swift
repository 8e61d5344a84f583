import Contracts
import Database
import Tokens

/// What ends before its access tokens run out; each is remembered until the last of these has.
extension DatabaseConnection {
    /// Ends a sign-in, with its refresh tokens.
    func end(login id: String, now: Timestamp) throws {
        try execute("DELETE FROM login WHERE id = \(id)")
        try revoke(id, version: nil, now: now)
    }

    /// Ends the sign-ins of a person for which `condition`, about the table `login`, holds.
    func endLogins(of person: PersonID, where condition: SQL = "1 = 1", now: Timestamp) throws {
        let ids = try rows("SELECT id FROM login WHERE person_id = \(person.rawValue) AND \(condition)") { row in
            try row.text(0)
        }
        for id in ids { try end(login: id, now: now) }
    }

    /// Ends all access tokens that a person has now; sign-ins and API tokens stay, and give new ones.
    func endAccessTokens(of person: String, now: Timestamp) throws {
        try execute("UPDATE person SET version = version + 1 WHERE id = \(person)")
        guard let version: Int = try value("SELECT version FROM person WHERE id = \(person)") else { return }
        try revoke(person, version: version, now: now)
    }

    /// Ends the access tokens of an API token, or of a sign-in.
    func revoke(_ subject: String, version: Int?, now: Timestamp) throws {
        try execute("DELETE FROM revocation WHERE expires_at <= \(now.microseconds)")
        let until = now.advanced(by: Revocations.memory)
        try execute(
            """
            INSERT INTO revocation (subject, version, expires_at)
            VALUES (\(subject), \(version), \(until.microseconds))
            ON CONFLICT (subject) DO UPDATE SET version = excluded.version, expires_at = excluded.expires_at
            """
        )
    }

    /// With the API tokens that were made to end by now: what was begun with them goes on for longer than a call.
    func revocations(now: Timestamp) throws -> Revocations {
        var found = Revocations()
        let memory = Revocations.memory
        try query(
            """
            SELECT id, expires_at FROM api_token
            WHERE expires_at <= \(now.microseconds) AND expires_at > \(now.advanced(by: .zero - memory).microseconds)
            """
        ) { row in
            found.logins[LoginID(rawValue: try row[0])] = Timestamp(microseconds: try row[1]).advanced(by: memory)
        }
        try query("SELECT subject, version, expires_at FROM revocation WHERE expires_at > \(now.microseconds)") { row in
            let until = Timestamp(microseconds: try row[2])
            if row.isNull(1) {
                found.logins[LoginID(rawValue: try row[0])] = until
            } else {
                found.versions[try row[0]] = (try row[1], until)
            }
        }
        return found
    }
}

/// What has ended, and until when that must be known.
struct Revocations {
    /// Until the last access token has run out.
    static let memory = Duration.seconds(TokenProfile.lifetimeSeconds + 2 * TokenProfile.skewSeconds)

    var logins: [LoginID: Timestamp] = [:]
    /// By the person's id.
    var versions: [String: (version: Int, until: Timestamp)] = [:]

    /// Takes up what was read elsewhere, perhaps earlier, and drops what nobody needs to know any more.
    mutating func merge(_ other: Self, now: Timestamp) {
        logins.merge(other.logins) { max($0, $1) }
        versions.merge(other.versions) { $0.version > $1.version ? $0 : $1 }
        logins = logins.filter { $0.value > now }
        versions = versions.filter { $0.value.until > now }
    }
}
