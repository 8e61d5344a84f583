import Contracts
import Database
import EventLoop
import Foundation
import HTTP
import JSON
import JSONRPC
import JSONRPCTransport
import Observability
import ServiceTesting
import Synchronization
import TLS
import Testing
import Tokens

@testable import GatewayService

extension TraceContext {
    static let example = Self(trace: (1, 2), span: 3, isSampled: false)
}

/// What a test is answered.
struct Answer {
    var status: Int
    var fields: HTTPFields
    var bytes: [UInt8]
    var isStream: Bool

    /// Null where it is no JSON.
    var json: JSONValue { (try? JSONValue(json: bytes)) ?? .null }
}

/// A public site on a database of its own, before services that live in memory.
struct SiteCase: Sendable {
    static let password = "correct horse battery staple"

    let directory: TemporaryDirectory
    let database: SQLiteDatabase
    let feed: IdentityFeed
    let audit: AuditTrail
    let book: AuditBook
    let work = KeptWork()
    let owner = TargetOwner()
    let site: PublicSite
    let streams: StreamDoor
    private let streamFields = Mutex<[HTTPFields]>.Box([])
    let log = MemorySink()
    /// Slept by whoever is refused for calling too often.
    let refusalClock = SkippingClock(ManualTime())
    private let time: Mutex<Duration>.Box

    init(
        _ limits: LimitSettings = LimitSettings(),
        hosts: Set<String> = [],
        origins: Set<String> = [],
        proxies: [IPNetwork] = []
    ) async throws {
        directory = try TemporaryDirectory()
        try Data("<p>".utf8).write(to: URL(filePath: directory.path).appending(path: "index.html"))
        database = try await SQLiteDatabase.open(directory.path + "/gateway.db")
        try await database.migrate(schema)
        let people = PersonAuthorizer(passedOnBy: [nil])
        let log = Log(label: "test", sink: log)
        feed = try await IdentityFeed.open(
            database,
            keys: try await SigningKeys.open(database, interval: .seconds(86_400), now: .now),
            authorizer: people,
            clock: ContinuousClock(),
            now: { .now },
            log: log
        )
        let accounts = Accounts(
            database,
            hasher: try PasswordHasher(),
            rules: PasswordRules(list: nil),
            feed: feed,
            isSignUpOpen: false,
            clock: ContinuousClock(),
            now: { .now }
        )
        _ = try await accounts.makeFirstAdmin(email: "admin@example.org", password: Self.password)
        book = AuditBook(database)
        audit = AuditTrail(book, maximumWaiting: 1_000, log: log)
        let time = Mutex<Duration>.Box(.zero)
        self.time = time
        let fair = FairLimits(limits) { time.value.withLock { $0 } }
        let door = Doorkeeper(people, limits: fair, audit: audit)
        var router = RPCRouter(title: "test", authorizer: door, log: log, witness: audit)
        router.addAccounts(accounts)
        router.addAudit(book)
        let services = RPCClient(inProcess: owner.router)
        router.addPeers(GatewayPeers(orchestrator: services, store: services, alerting: services), feed)
        let tokens = APITokenExchange(database, feed: feed)
        let streams = StreamDoor(people: door, tokens: tokens)
        self.streams = streams
        let proxy = StreamProxy(streams) { [streamFields] fields in
            streamFields.value.withLock { $0.append(fields) }
            throw RPCError(.unavailable, "there is no push")
        }
        let calls = IdempotentCalls(book: IdempotencyBook(database), people: people, work: work)
        site = PublicSite(
            rest: RESTHandler(gatewayMethods, router: router, idempotency: calls),
            rpc: RPCHandler(router),
            pages: try StaticPages(dashboard: directory.path, vendor: directory.path + "/none"),
            packages: try AgentPackages(directory: directory.path),
            stream: { await proxy($0) },
            documents: ["/openapi.json": openAPI(version: "1", methods: gatewayMethods).json()],
            keys: { [feed] in (try? encodeJSON(feed.current.keys)) ?? [] },
            apiTokens: tokens,
            door: Door(hosts: hosts, origins: CrossOrigin(origins: origins)),
            proxies: TrustedProxies(proxies),
            limits: fair,
            refusals: SlowRefusals(refusalClock),
            timeout: .seconds(30)
        )
    }

    /// With which fields WebSockets were to be opened at push, which is not there.
    var opened: [HTTPFields] { streamFields.value.withLock { $0 } }

    func advance(by duration: Duration) {
        time.value.withLock { $0 += duration }
    }

    func token(_ role: Role = .admin, of tenant: String = "default", _ email: String = "a@example.org") throws -> String
    {
        try feed.keys.token(for: AccessGrant(person: person(role, of: tenant, email)), now: .now)
    }

    /// The same person for the same e-mail address.
    func person(_ role: Role, of tenant: String, _ email: String) -> Person {
        let digits = sha256(Array(email.utf8)).prefix(6).map { String(format: "%02x", $0) }.joined()
        return Person(
            id: PersonID(rawValue: "00000000-0000-7000-8000-\(digits)"),
            email: email,
            tenant: TenantID(rawValue: tenant),
            role: role
        )
    }

    func ask(
        _ method: HTTPMethod,
        _ path: String,
        query: String? = nil,
        _ body: String = "",
        token: String? = nil,
        with fields: KeyValuePairs<String, String> = [:],
        from address: String = "192.0.2.1:5000",
        authority: String = "sonde.example"
    ) async -> Answer {
        var all = HTTPFields(fields)
        if let token { all.append("authorization", "Bearer \(token)") }
        if !body.isEmpty, all["content-type"] == nil { all.append("content-type", "application/json") }
        let request = HTTPRequest(
            method: method,
            path: path,
            query: query,
            authority: authority,
            fields: all,
            body: Array(body.utf8),
            upgrade: method == .connect ? "websocket" : nil,
            peer: HTTPPeer(address: address)
        )
        let response = await site(request)
        switch response.body {
        case .bytes(let bytes):
            return Answer(status: response.status, fields: response.fields, bytes: bytes, isStream: false)
        case .stream, .tunnel:
            return Answer(status: response.status, fields: response.fields, bytes: [], isStream: true)
        }
    }

    /// Runs what the gateway runs beside its server.
    func serving<Result: Sendable>(_ body: @Sendable () async throws -> Result) async throws -> Result {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await work.run() }
            group.addTask { try? await audit.run { _ in } }
            let result = try await body()
            group.cancelAll()
            return result
        }
    }

    /// The audit rows of a tenant, oldest first, once all are written.
    func audited(_ tenant: String = "default") async throws -> [AuditEntry] {
        try await serving { await audit.drain() }
        return try await book.list(AuditFilter(limit: 1_000), of: TenantID(rawValue: tenant)).entries.reversed()
    }
}

extension Mutex {
    /// A mutex that several may hold on to.
    final class Box: Sendable where Value: Sendable {
        let value: Mutex<Value>

        init(_ initial: Value) { value = Mutex(initial) }
    }
}

/// Records that a test cannot go on.
func fail(_ comment: Comment, sourceLocation: SourceLocation = #_sourceLocation) {
    Issue.record(comment, sourceLocation: sourceLocation)
}
