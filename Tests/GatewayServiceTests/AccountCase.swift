import Contracts
import Database
import JSONRPC
import Observability
import ServiceTesting
import Synchronization
import TestServers
import Testing
import Tokens

@testable import GatewayService

/// A gateway's accounts on a database of their own, with one administrator, who runs the installation too.
struct AccountCase: Sendable {
    static let admin = "admin@example.org"
    static let password = "correct horse battery staple"

    let time = ManualTime()
    let clock: SkippingClock
    let directory: TemporaryDirectory
    let database: any Database
    let authorizer: PersonAuthorizer
    let feed: IdentityFeed
    let accounts: Accounts
    let exchange: APITokenExchange
    private let client: RPCClient
    let hasher: PasswordHasher

    fileprivate init(_ engine: DatabaseEngine, isSignUpOpen: Bool, commonPasswords: [String]) async throws {
        let time = time
        directory = try TemporaryDirectory()
        clock = SkippingClock(time)
        database = try await Self.open(engine, in: directory)
        try await database.migrate(schema)
        let log = Log(label: "test", sink: MemorySink())
        let start = ContinuousClock.now
        let begin = time.now
        authorizer = PersonAuthorizer(
            passedOnBy: [nil],
            now: { time.now },
            uptime: { start.advanced(by: begin.duration(to: time.now)) }
        )
        let keys = try await SigningKeys.open(database, interval: .seconds(86_400), now: time.now)
        feed = try await IdentityFeed.open(
            database,
            keys: keys,
            authorizer: authorizer,
            clock: clock,
            now: { time.now },
            log: log
        )
        hasher = try PasswordHasher()
        accounts = Accounts(
            database,
            hasher: hasher,
            rules: PasswordRules(list: PasswordList(commonPasswords)),
            feed: feed,
            isSignUpOpen: isSignUpOpen,
            clock: clock,
            now: { time.now }
        )
        exchange = APITokenExchange(database, feed: feed, now: { time.now })
        var router = RPCRouter(title: "test", authorizer: authorizer, log: log)
        router.addAccounts(accounts)
        client = RPCClient(inProcess: router)
        _ = try await accounts.makeFirstAdmin(email: "Admin@example.org", password: Self.password)
    }

    private static func open(_ engine: DatabaseEngine, in directory: TemporaryDirectory) async throws -> any Database {
        guard engine == .postgres else { return try await SQLiteDatabase.open(directory.path + "/gateway.db") }
        let settings = PostgresSettings(readers: 2, writers: 2, schema: "gateway")
        return try await PostgresDatabase.open(PostgresURL(PostgresServer.shared().makeRestrictedURL()), settings)
    }

    fileprivate func close() async {
        hasher.close()
        await database.close()
    }

    /// Calls a method as a page or a program would.
    func call<Params, Result>(
        _ method: RPCMethod<Params, Result>,
        _ params: Params,
        _ token: String? = nil,
        from address: String = "192.0.2.1"
    ) async throws -> Result {
        var random = SplitMix64(seed: 1)
        let context = CallContext(
            trace: .random(using: &random),
            token: token.map { BearerToken($0) },
            address: address
        )
        return try await CallContext.$ofTask.withValue(context) { try await client.call(method, params) }
    }

    /// The code with which a call is refused; `nil` when it is not.
    func code<Params, Result>(
        _ method: RPCMethod<Params, Result>,
        _ params: Params,
        _ token: String? = nil,
        from address: String = "192.0.2.1"
    ) async throws -> RPCError.Code? {
        do {
            _ = try await call(method, params, token, from: address)
            return nil
        } catch let error as RPCError {
            return error.code
        }
    }

    /// With what the gateway refuses a method to a token, before anything is done; `nil` when it does not.
    func refusal(of method: RPCDescriptor, _ token: String) async -> RPCError.Code? {
        var random = SplitMix64(seed: 1)
        let context = CallContext(trace: .random(using: &random), token: BearerToken(token))
        do throws(RPCError) {
            _ = try await authorizer.authorize(method, context)
            return nil
        } catch {
            return error.code
        }
    }

    func login(_ email: String = admin, _ password: String = password, tenant: TenantID? = nil) async throws
        -> TokenPair
    {
        try await call(.login, Credentials(email: email, password: password, tenant: tenant))
    }

    /// What signing in is answered with when it fails.
    func refusal(_ email: String, _ password: String, from address: String = "192.0.2.1") async -> RPCError? {
        do {
            _ = try await call(.login, Credentials(email: email, password: password), from: address)
            return nil
        } catch {
            return error as? RPCError
        }
    }

    func refreshed(_ token: String) async throws -> TokenPair {
        try await call(.refreshTokens, RefreshToken(refreshToken: token))
    }

    /// Whether an access token is taken.
    func takes(_ token: String) async throws -> Bool {
        try await code(.currentPerson, Empty(), token) == nil
    }

    /// Has somebody invited to a tenant and signed up; `inviter` is the access token of its administrator.
    func join(_ email: String, as role: Role, _ inviter: String, password: String = password) async throws
        -> TokenPair
    {
        let invitation = try await call(.createInvitation, InvitationRequest(role: role), inviter)
        return try await call(
            .signUp,
            SignUp(email: email, password: password, invitation: invitation.token)
        )
    }

    func person(_ token: String) async throws -> Person { try await call(.currentPerson, Empty(), token) }
}

/// Runs `body` with accounts on a database of their own.
func withAccounts(
    on engine: DatabaseEngine = .sqlite,
    isSignUpOpen: Bool = false,
    commonPasswords: [String] = [],
    _ body: (AccountCase) async throws -> Void
) async throws {
    let test = try await AccountCase(engine, isSignUpOpen: isSignUpOpen, commonPasswords: commonPasswords)
    do {
        try await body(test)
    } catch {
        await test.close()
        throw error
    }
    await test.close()
}

/// A clock that moves a wall clock on instead of waiting, and counts how often.
final class SkippingClock: Clock {
    typealias Instant = ContinuousClock.Instant

    private let time: ManualTime
    private let sleeps = Mutex<[Duration]>([])

    init(_ time: ManualTime) { self.time = time }

    var now: Instant { .now }
    var minimumResolution: Duration { .nanoseconds(1) }
    var slept: [Duration] { sleeps.withLock { $0 } }

    func sleep(until deadline: Instant, tolerance: Duration?) async throws {
        // Rounded, since the deadline was reckoned from a time that goes on.
        let duration = Duration.seconds(Int((Instant.now.duration(to: deadline) / .seconds(1)).rounded()))
        sleeps.withLock { $0.append(duration) }
        time.advance(by: duration)
    }
}
