import Configuration
import Contracts
import Database
import EventLoop
import JSONRPC
import JSONRPCTransport
import StoreService
import Tokens

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
    var router = process.router(
        authorizer: PersonAuthorizer { try await gateway.client.call(.listKeys, Empty()) }
    )
    store.addRoutes(to: &router)
    let server = try process.server(router)
    try await process.run([gateway, server, store])
    await database.close()
}
