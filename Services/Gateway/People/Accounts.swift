import Contracts
import Database
import DatabaseCalls
import EventLoop
import JSON
import JSONRPC
import Lifecycle
import Observability
import Synchronization
import TLS
import Tokens

/// People, the tenants they are members of, and what they hold: passwords, sign-ins, API tokens.
///
/// What ends early is written down in the transaction that ends it, and told to all services before the call returns.
final class Accounts: Sendable {
    /// Attempts that may wait at once because of an account that is guessed at.
    private static let maximumWaiting = 256

    let database: any Database
    let hasher: PasswordHasher
    let rules: PasswordRules
    let feed: IdentityFeed
    /// Whether everyone may make a tenant.
    let isSignUpOpen: Bool
    let now: @Sendable () -> Timestamp
    private let clock: any Clock<Duration>
    private let throttle = Mutex(LoginThrottle())
    private let waiting = Waiting()

    init(
        _ database: any Database,
        hasher: PasswordHasher,
        rules: PasswordRules,
        feed: IdentityFeed,
        isSignUpOpen: Bool = false,
        clock: any Clock<Duration> = ContinuousClock(),
        now: @escaping @Sendable () -> Timestamp = { .now }
    ) {
        self.database = database
        self.hasher = hasher
        self.rules = rules
        self.feed = feed
        self.isSignUpOpen = isSignUpOpen
        self.clock = clock
        self.now = now
    }

    /// The one answer to whoever cannot sign in, for whatever reason.
    static let refusal = RPCError(.unauthenticated, "the e-mail address or the password is wrong")

    /// Makes the first administrator, who runs the installation too, when there is nobody yet; returns whether it did.
    ///
    /// Throws `LifecycleError` for a password that nobody may choose.
    func makeFirstAdmin(email: String, password: String) async throws -> Bool {
        do {
            try rules.check(password, "GATEWAY_ADMIN_PASSWORD", names: PasswordRules.names(inEmail: email))
        } catch {
            throw LifecycleError(error.message)
        }
        let hash = try await hasher.hash(password)
        let now = now()
        return try await database.write(as: .every) { connection in
            try connection.lock(.first)
            let count: Int = try connection.value("SELECT count(*) FROM person") ?? 0
            guard count == 0 else { return false }
            let id = PersonID.make()
            try connection.insert(id, email: EmailAddress.folded(email) ?? email, hash: hash, now: now)
            try connection.execute("UPDATE person SET is_operator = 1 WHERE id = \(id.rawValue)")
            try connection.execute("UPDATE tenant SET created_at = \(now.microseconds) WHERE id = 'default'")
            try connection.join(id, .first, as: .admin, now: now)
            return true
        }
    }

    /// Whether nobody can sign in at all.
    func isEmpty() async throws -> Bool {
        try await database.read { try $0.value("SELECT count(*) FROM person") == 0 }
    }

    /// Makes a change that may end tokens; those have ended here when it returns, and elsewhere soon after.
    func ending<T: Sendable>(
        as tenant: TenantID,
        _ body: @escaping @Sendable (any DatabaseConnection) throws -> T
    ) async throws -> T {
        let result = try await database.write(as: tenant, body)
        do {
            try await feed.refresh()
        } catch {
            // The change is made, and this process does not know what it has ended.
            throw RPCError(telling: error).withUnknownOutcome
        }
        return result
    }

    /// Runs `compare`, which compares a password once, as an attempt at an account that counts until it succeeds.
    ///
    /// Throws `refusal` when it returns `false`, and `busy` when that account or all take too many attempts.
    func attempt(_ account: String, _ compare: () async throws -> Bool) async throws {
        let key = LoginThrottle.Key(account: account, address: Self.network(CallContext.current?.address))
        try await admit(key)
        let isRight: Bool
        do {
            isRight = try await compare()
        } catch {
            throttle.withLock { $0.withdraw(key) }
            throw error
        }
        guard isRight else {
            throttle.withLock { $0.failed(key, now: now().seconds) }
            throw Self.refusal
        }
        throttle.withLock { $0.succeeded(key) }
    }

    private func admit(_ key: LoginThrottle.Key) async throws {
        switch throttle.withLock({ $0.attempt(key, now: now().seconds) }) {
        case .admitted(0): return
        case .admitted(let seconds):
            guard waiting.enter(limit: Self.maximumWaiting) else { throw Self.tooMany(retryAfterSeconds: seconds) }
            defer { waiting.leave() }
            try await clock.sleep(for: .seconds(seconds))
        case .refused(let seconds): throw Self.tooMany(retryAfterSeconds: seconds)
        }
    }

    private static func tooMany(retryAfterSeconds: Int) -> RPCError {
        RPCError(.busy, "too many attempts", data: ["retry_after_ms": .int(retryAfterSeconds * 1_000)])
    }

    /// What one customer of a provider has: an address of IPv4, or the first half of one of IPv6.
    private static func network(_ address: String?) -> String {
        guard let address else { return "" }
        let bare = address.hasPrefix("[") ? String(address.dropFirst().dropLast()) : address
        guard let parsed = IPAddress(bare), !parsed.isV4 else { return address }
        return IPAddress(v6: parsed.words.high, 0).description
    }
}

extension DatabaseConnection {
    /// Adds a person who is a member of nothing yet.
    func insert(_ id: PersonID, email: String, hash: String, now: Timestamp) throws {
        try execute(
            """
            INSERT INTO person (id, email, password_hash, created_at)
            VALUES (\(id.rawValue), \(email), \(hash), \(now.microseconds))
            """
        )
    }
}
