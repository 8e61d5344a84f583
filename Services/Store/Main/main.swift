import Configuration
import Contracts
import Database
import EventLoop
import JSONRPC
import JSONRPCTransport
import Observability
import StoreService
import Tokens

await UpkeepCommand.run(Array(CommandLine.arguments.dropFirst()))

let settings = configure("store") { environment throws(ConfigurationError) in
    try StoreSettings(from: environment)
}

await MeshProcess.main(.store) {
    let process = try MeshProcess(.store, settings.mesh)
    let opened = try await openDatabase(
        at: settings.database,
        sqlite: settings.sqlite,
        postgres: settings.postgres
    )
    let database = WatchedDatabase(opened) { process.noteTrouble($0, of: "database") }
    let orchestrator = process.connection(to: .orchestrator, at: settings.orchestrator)
    let store = try await Store.open(
        database,
        settings,
        orchestrator: orchestrator.client,
        clock: LoopClock(process.loop),
        log: process.log,
        metrics: process.metrics
    )
    let gateway = process.connection(to: .gateway, at: settings.mesh.gateway)
    let authorizer = PersonAuthorizer(clock: LoopClock(process.loop))
    let identity = IdentityFollower(gateway.client, authorizer, clock: LoopClock(process.loop), log: process.log)
    var router = process.router(authorizer: authorizer)
    store.addRoutes(to: &router)
    let server = try process.server(router)
    let telemetry = await store.telemetry(on: process.loop)
    try await process.run([gateway, identity, orchestrator, server, store, telemetry])
    await database.close()
}
