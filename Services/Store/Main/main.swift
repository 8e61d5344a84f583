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
    let database = try await openDatabase(
        at: settings.database,
        sqlite: settings.sqlite,
        postgres: settings.postgres
    )
    let store = try await Store.open(
        database,
        settings,
        clock: LoopClock(process.loop),
        log: process.log,
        metrics: process.metrics
    )
    let gateway = process.connection(to: .gateway, at: settings.mesh.gateway)
    let authorizer = PersonAuthorizer { try await gateway.client.call(.listKeys, Empty()) }
    var router = process.router(authorizer: authorizer)
    store.addRoutes(to: &router) { try await authorizer.person(of: CallContext.current?.token) }
    let server = try process.server(router)
    let telemetry = await store.telemetry(on: process.loop)
    try await process.run([gateway, server, store, telemetry])
    await database.close()
}
