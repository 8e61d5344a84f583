import Configuration
import Contracts
public import Database
import EventLoop
import Foundation
import HTTP
import JSON
public import JSONRPC
public import JSONRPCTransport
public import Lifecycle
import Observability
import TLS
import Tokens

/// The door for people and programs: signs them in, and passes their calls on to the services.
public struct Gateway: Service {
    private static let upkeepPause = Duration.seconds(3_600)

    private let port: PublicPort
    private let hasher: PasswordHasher
    private let feed: IdentityFeed
    private let accounts: Accounts
    private let audit: AuditTrail
    private let book: AuditBook
    private let removals: TenantRemovals
    private let work: KeptWork
    private let settings: GatewaySettings
    private let process: MeshProcess

    /// Brings the schema up to date, makes the first administrator, and lets people in once it runs.
    public static func open(
        _ database: any Database,
        _ settings: GatewaySettings,
        at port: PublicPort,
        in process: MeshProcess,
        peers: GatewayPeers,
        push: RPCConnection
    ) async throws -> (gateway: Gateway, mesh: RPCRouter) {
        try await database.migrate(schema)
        let clock = LoopClock(process.loop)
        let rules = PasswordRules(list: try settings.passwordList.map { try PasswordList(file: $0) })
        let hasher = try PasswordHasher()
        let keys = try await SigningKeys.open(database, interval: settings.keyInterval, now: .now)
        let authorizer = PersonAuthorizer(passedOnBy: [nil], clock: clock)
        let feed = try await IdentityFeed.open(
            database,
            keys: keys,
            authorizer: authorizer,
            clock: clock,
            now: { .now },
            log: process.log
        )
        let accounts = Accounts(
            database,
            hasher: hasher,
            rules: rules,
            feed: feed,
            isSignUpOpen: settings.signUp == .open,
            clock: clock
        )
        try await makeFirstAdmin(accounts, settings, process.log)
        let book = AuditBook(database)
        let audit = AuditTrail(book, maximumWaiting: settings.audit.maximumWaiting, log: process.log)
        let limits = FairLimits(settings.limits)
        let doorkeeper = Doorkeeper(authorizer, limits: limits, audit: audit)
        var router = RPCRouter(
            title: "Sonde",
            authorizer: doorkeeper,
            log: process.log,
            metrics: process.metrics,
            witness: audit
        )
        router.addAccounts(accounts)
        router.addProvider(await provider(settings, in: process), accounts)
        router.addAudit(book)
        router.addPeers(peers, feed)
        var mesh = RPCRouter(title: "gateway", log: process.log)
        let tokens = APITokenExchange(database, feed: feed)
        let streams = StreamDoor(people: doorkeeper, tokens: tokens)
        mesh.handle(.followIdentity) { _ in feed.follow() }
        mesh.handle(.exchangeToken) { try await streams.exchange($0) }
        let stream = StreamProxy(streams) { try await push.upgrade("/ws/stream", to: "websocket", with: $0) }
        let work = KeptWork()
        let calls = IdempotentCalls(book: IdempotencyBook(database), people: authorizer, work: work)
        let rest = RESTHandler(gatewayMethods, router: router, idempotency: calls)
        let site = try site(settings, rest, RPCHandler(router), tokens, feed, stream, limits, clock)
        port.lead(to: site)
        process.metrics.gauge("sonde_audit_waiting", "Audit rows that are not written yet.") {
            Double(audit.waitingCount)
        }
        process.metrics.counter("sonde_gateway_password_hashes_total", "Passwords that were hashed or compared.") {
            Double(hasher.computedCount)
        }
        let gateway = Gateway(
            port: port,
            hasher: hasher,
            feed: feed,
            accounts: accounts,
            audit: audit,
            book: book,
            removals: TenantRemovals(
                database: database,
                peers: peers,
                clock: clock,
                now: { .now },
                log: process.log
            ),
            work: work,
            settings: settings,
            process: process
        )
        return (gateway, mesh)
    }

    public func run() async throws {
        defer {
            port.server.close()
            hasher.close()
        }
        port.server.start()
        let clock = LoopClock(process.loop)
        do {
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await feed.run() }
                group.addTask { try await work.run() }
                group.addTask { try await audit.run { try await clock.sleep(for: $0) } }
                group.addTask { try await keepUp(clock) }
                group.addTask { try await removals.run() }
                try await group.waitForAll()
            }
        } catch is CancellationError {
            return
        }
    }

    public func drain() async {
        await feed.drain()
        await port.server.drain()
        await audit.drain()
    }

    /// Removes audit rows that are older than they have to be, and invitations that are over.
    private func keepUp(_ clock: LoopClock) async throws {
        while !Task.isCancelled {
            do {
                try await accounts.removeEndedInvitations()
                try await book.remove(before: Timestamp.now.advanced(by: .zero - settings.audit.retention))
            } catch let error as DatabaseError {
                process.log.error("cannot remove what is too old", ["error": "\(error)"])
            }
            try await clock.sleep(for: Self.upkeepPause)
        }
    }

    private static func site(
        _ settings: GatewaySettings,
        _ rest: RESTHandler,
        _ rpc: RPCHandler,
        _ apiTokens: APITokenExchange,
        _ feed: IdentityFeed,
        _ stream: StreamProxy,
        _ limits: FairLimits,
        _ clock: LoopClock
    ) throws -> PublicSite {
        PublicSite(
            rest: rest,
            rpc: rpc,
            pages: try StaticPages(dashboard: settings.dashboard, vendor: settings.vendor),
            packages: try AgentPackages(directory: settings.packages),
            stream: { await stream($0) },
            documents: ["/openapi.json": openAPI(version: "1.0.0", methods: gatewayMethods).json()],
            // A key set is text that always can be written.
            keys: { (try? encodeJSON(feed.current.keys)) ?? [] },
            apiTokens: apiTokens,
            door: Door(hosts: settings.publicHosts, origins: CrossOrigin(origins: settings.crossOrigins)),
            proxies: TrustedProxies(settings.trustedProxies),
            limits: limits,
            refusals: SlowRefusals(clock),
            timeout: settings.callTimeout
        )
    }

    private static func provider(_ settings: GatewaySettings, in process: MeshProcess) async -> OpenIDProvider? {
        guard let provider = settings.provider else { return nil }
        return await OpenIDProvider.open(provider, on: process.loop, log: process.log)
    }

    private static func makeFirstAdmin(_ accounts: Accounts, _ settings: GatewaySettings, _ log: Log) async throws {
        guard try await accounts.isEmpty() else { return }
        let password = try settings.adminPassword?.exposed ?? Base64URL.encode(randomBytes(15))
        guard try await accounts.makeFirstAdmin(email: settings.adminEmail, password: password) else { return }
        log.info("made the first administrator", ["email": settings.adminEmail])
        guard settings.adminPassword == nil else { return }
        // For its owner alone; whoever starts the gateway shows it once and removes it.
        let isWritten = FileManager.default.createFile(
            atPath: settings.adminPasswordFile,
            contents: Data((password + "\n").utf8),
            attributes: [.posixPermissions: 0o600]
        )
        guard isWritten else {
            throw LifecycleError("\(settings.adminPasswordFile): the administrator's password cannot be written there")
        }
    }
}
