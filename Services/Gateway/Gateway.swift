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
    private let server: HTTPServer
    private let hasher: PasswordHasher

    /// Brings the schema up to date, makes the first administrator, and binds the public port.
    public static func open(
        _ database: any Database,
        _ settings: GatewaySettings,
        in process: MeshProcess,
        peers: GatewayPeers,
        push: RPCConnection
    ) async throws -> (gateway: Gateway, mesh: RPCRouter) {
        try await database.migrate(schema)
        let hasher = try PasswordHasher()
        let signer = try await SigningKeys.load(from: database)
        let accounts = Accounts(database, hasher: hasher, signer: signer, log: process.log)
        try await makeFirstAdmin(accounts, settings, process.log)
        let keys = KeySet(keys: [try signer.publicKey()])
        let authorizer = PersonAuthorizer(passedOnBy: [nil]) { keys }
        var people = RPCRouter(title: "Sonde", authorizer: authorizer, log: process.log, metrics: process.metrics)
        people.addAccounts(accounts, authorizer)
        people.addPeers(peers)
        var mesh = RPCRouter(title: "gateway", log: process.log)
        mesh.handle(.listKeys) { _ in keys }
        let site = try site(settings, people, keys, push)
        let server = try HTTPServer(
            on: settings.publicListen,
            loops: [process.loop],
            tls: try tls(settings),
            log: process.log,
            metrics: HTTPServerMetrics(process.metrics, role: "public"),
            responder: taskResponder { request in await site(request) }
        )
        return (Gateway(server: server, hasher: hasher), mesh)
    }

    public func run() async throws {
        server.start()
        await untilCancelled()
        server.close()
        hasher.close()
    }

    public func drain() async {
        await server.drain()
    }

    private static func site(
        _ settings: GatewaySettings,
        _ router: RPCRouter,
        _ keys: KeySet,
        _ push: RPCConnection
    ) throws -> PublicSite {
        let rpc = RPCHandler(router)
        return PublicSite(
            rest: RESTHandler(publicMethods, router: router, rpc: rpc),
            rpc: rpc,
            pages: try StaticPages(dashboard: settings.dashboard, vendor: settings.vendor),
            stream: StreamProxy(push),
            openAPI: openAPI(version: "1.0.0", methods: publicMethods).json(),
            keys: try encodeJSON(keys)
        )
    }

    private static func tls(_ settings: GatewaySettings) throws -> HTTPServer.TLSSource? {
        guard let certificate = settings.certificateFile, let keyFile = settings.keyFile else { return nil }
        let chain = try IdentityMaterial.certificates(in: certificate)
        let key = try PrivateKey(pem: [UInt8](Data(contentsOf: URL(filePath: keyFile))))
        let context = try TLSContext.publicServer(chain: chain, key: key)
        return { context }
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
