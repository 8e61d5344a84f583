import Configuration
import Contracts
import Database
import EventLoop
import JSONRPC
import JSONRPCTransport
import OrchestratorService
import Tokens

let settings = configure("orchestrator") { environment throws(ConfigurationError) in
    try OrchestratorSettings(from: environment)
}

await MeshProcess.main(.orchestrator) {
    let process = try MeshProcess(.orchestrator, settings.mesh)
    let database = try await SQLiteDatabase.open(settings.database, SQLiteSettings(durability: settings.durability))
    let store = process.connection(to: .store, at: settings.store)
    let alerting = process.connection(to: .alerting, at: settings.alerting)
    let orchestrator = try await Orchestrator.open(
        database,
        settings,
        clock: LoopClock(process.loop),
        store: store.client,
        alerting: alerting.client,
        log: process.log
    )
    orchestrator.addMetrics(to: process.metrics)
    let gateway = process.connection(to: .gateway, at: settings.mesh.gateway)
    var router = process.router(
        authorizer: PersonAuthorizer { try await gateway.client.call(.listKeys, Empty()) }
    )
    orchestrator.addRoutes(to: &router)
    let server = try process.server(router)
    try await process.run([gateway, store, alerting, server, orchestrator])
    await database.close()
}
