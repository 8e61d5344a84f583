import Configuration
import Contracts
import Database
import GatewayService
import HTTP
import JSONRPCTransport

let settings = configure("gateway") { environment throws(ConfigurationError) in
    try GatewaySettings(from: environment)
}

await MeshProcess.main(.gateway) {
    let process = try MeshProcess(.gateway, settings.mesh)
    let opened = try await openDatabase(
        at: settings.database,
        sqlite: settings.sqlite,
        postgres: settings.postgres
    )
    let database = WatchedDatabase(opened) { process.noteTrouble($0, of: "database") }
    let orchestrator = process.connection(to: .orchestrator, at: settings.orchestrator)
    let store = process.connection(to: .store, at: settings.store)
    let alerting = process.connection(to: .alerting, at: settings.alerting)
    let push = process.connection(to: .push, at: settings.push, limits: .tunnels(settings.maximumStreams))
    let peers = GatewayPeers(orchestrator: orchestrator.client, store: store.client, alerting: alerting.client)
    let (gateway, router) = try await Gateway.open(database, settings, in: process, peers: peers, push: push)
    let server = try process.server(router)
    try await process.run([orchestrator, store, alerting, push, server, gateway])
    await database.close()
}
