import AlertingService
import Configuration
import Contracts
import Database
import JSONRPC
import JSONRPCTransport
import Tokens

let settings = configure("alerting") { environment throws(ConfigurationError) in
    try AlertingSettings(from: environment)
}

await MeshProcess.main(.alerting) {
    let process = try MeshProcess(.alerting, settings.mesh)
    let database = try await SQLiteDatabase.open(settings.database, SQLiteSettings(durability: settings.durability))
    let store = process.connection(to: .store, at: settings.store)
    let orchestrator = process.connection(to: .orchestrator, at: settings.orchestrator)
    let gateway = process.connection(to: .gateway, at: settings.mesh.gateway)
    let alerting = try await Alerting.open(
        database,
        settings,
        store: store.client,
        orchestrator: orchestrator.client,
        on: process.loop,
        log: process.log,
        metrics: process.metrics
    )
    var router = process.router(
        authorizer: PersonAuthorizer { try await gateway.client.call(.listKeys, Empty()) }
    )
    alerting.addRoutes(to: &router)
    let server = try process.server(router)
    try await process.run([gateway, orchestrator, store, server, alerting])
    await database.close()
}
