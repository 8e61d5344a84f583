import Contracts
import Database
import Glibc
import JSON
import JSONRPC
import Observability
import Synchronization
import TLS
import Tokens

/// People and their sessions: who may sign in, and which tokens they hold.
final class Accounts: Sendable {
    /// A session ends so long after sign-in, whatever is refreshed.
    private static let sessionSeconds = 30 * 86_400
    /// A refresh token that was used a moment ago may be used again: the answer may have been lost.
    private static let graceSeconds = 10
    private static let tenant = "default"

    private let database: any Database
    private let hasher: PasswordHasher
    private let signer: TokenSigner
    private let throttle = Mutex(LoginThrottle())
    private let log: Log
    /// Seconds since 1970.
    private let clock: @Sendable () -> Int

    init(
        _ database: any Database,
        hasher: PasswordHasher,
        signer: TokenSigner,
        log: Log,
        clock: @escaping @Sendable () -> Int = { time(nil) }
    ) {
        self.database = database
        self.hasher = hasher
        self.signer = signer
        self.log = log
        self.clock = clock
    }

    /// Makes the first administrator when there is nobody yet; returns whether it did.
    func makeFirstAdmin(email: String, password: String) async throws -> Bool {
        let hash = try await hasher.hash(password)
        return try await database.write { connection in
            let count: Int = try connection.value("SELECT count(*) FROM person") ?? 0
            guard count == 0 else { return false }
            let id = Identifier<Person>.make().rawValue
            try connection.execute(
                """
                INSERT INTO person (id, tenant, email, password_hash, role, created_at)
                VALUES (\(id), \(Self.tenant), \(email.lowercased()), \(hash), \(Role.admin.rawValue),
                        \(Timestamp.now.microseconds))
                """
            )
            return true
        }
    }

    /// Whether somebody can sign in at all.
    func isEmpty() async throws -> Bool {
        try await database.read { try $0.value("SELECT count(*) FROM person") == 0 }
    }

    func login(_ credentials: Credentials) async throws -> TokenPair {
        let email = credentials.email.lowercased()
        let key = "\(email) \(CallContext.current?.address ?? "")"
        let now = clock()
        let pause = throttle.withLock { $0.pause(for: key, now: now) }
        guard pause == 0 else {
            throw RPCError(.busy, "too many attempts", data: ["retry_after_ms": .int(pause * 1_000)])
        }
        let row = try await database.read { connection in
            try connection.first(
                "SELECT id, tenant, email, role, password_hash FROM person WHERE email = \(email)"
            ) { row in (try Self.person(row), try row.text(4)) }
        }
        guard try await hasher.verify(credentials.password, row?.1), let person = row?.0 else {
            // Checking a password takes its time, which is no part of the pause.
            throttle.withLock { $0.failed(key, now: clock()) }
            throw RPCError(.unauthenticated, "the e-mail address or the password is wrong")
        }
        throttle.withLock { $0.succeeded(key) }
        return try await begin(person, family: Identifier<Person>.make().rawValue, expires: now + Self.sessionSeconds)
    }

    /// Exchanges a refresh token.
    ///
    /// One that was used before ends its whole family: somebody else has it.
    func refresh(_ token: RefreshToken) async throws -> TokenPair {
        let refusal = RPCError(.unauthenticated, "the session has ended")
        guard let bytes = Base64URL.decode(token.refreshToken) else { throw refusal }
        let hash = sha256(bytes)
        let now = clock()
        let found = try await database.write { connection -> (Person, String, Int)? in
            guard let row = try Self.refreshToken(hash, connection), row.expires > now else { return nil }
            guard row.used == nil || now - (row.used ?? 0) <= Self.graceSeconds else {
                try connection.execute("DELETE FROM refresh_token WHERE family = \(row.family)")
                return nil
            }
            try connection.execute(
                "UPDATE refresh_token SET used_at = coalesce(used_at, \(now)) WHERE hash = \(hash)"
            )
            return (row.person, row.family, row.expires)
        }
        guard let (person, family, expires) = found else { throw refusal }
        return try await begin(person, family: family, expires: expires)
    }

    /// Ends a session; ending one that is unknown or over already is no error.
    func logout(_ token: RefreshToken) async throws -> Empty {
        guard let bytes = Base64URL.decode(token.refreshToken) else { return Empty() }
        let hash = sha256(bytes)
        _ = try await database.write { connection in
            try connection.execute(
                """
                DELETE FROM refresh_token WHERE family IN (SELECT family FROM refresh_token WHERE hash = \(hash))
                """
            )
        }
        return Empty()
    }

    private func begin(_ person: Person, family: String, expires: Int) async throws -> TokenPair {
        let secret = try randomBytes(32)
        let now = clock()
        _ = try await database.write { connection in
            try connection.execute("DELETE FROM refresh_token WHERE expires_at <= \(now)")
            try connection.execute(
                """
                INSERT INTO refresh_token (hash, family, person_id, expires_at)
                VALUES (\(sha256(secret)), \(family), \(person.id.rawValue), \(expires))
                """
            )
        }
        return TokenPair(
            accessToken: try signer.token(for: person, now: now),
            expiresInSeconds: TokenProfile.lifetimeSeconds,
            refreshToken: Base64URL.encode(secret)
        )
    }

    private static func refreshToken(
        _ hash: [UInt8],
        _ connection: any DatabaseConnection
    ) throws -> (person: Person, family: String, expires: Int, used: Int?)? {
        try connection.first(
            """
            SELECT person.id, tenant, email, role, family, expires_at, used_at
            FROM refresh_token JOIN person ON person.id = person_id WHERE hash = \(hash)
            """
        ) { row in
            (
                try person(row), try row.text(4), Int(try row.integer(5)),
                row.isNull(6) ? nil : Int(try row.integer(6))
            )
        }
    }

    private static func person(_ row: any DatabaseRow) throws -> Person {
        Person(
            id: Identifier(rawValue: try row.text(0)),
            email: try row.text(2),
            tenant: try row.text(1),
            role: Role(rawValue: try row.text(3)) ?? .viewer
        )
    }
}
