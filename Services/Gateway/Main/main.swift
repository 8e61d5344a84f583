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
    let port = try PublicPort(settings, in: process)
    guard let opened = try await Gateway.takeDatabase(settings, for: process) else { return }
    let database = WatchedDatabase(opened) { process.noteTrouble($0, of: "database") }
    let orchestrator = process.connection(to: .orchestrator, at: settings.orchestrator)
    let store = process.connection(to: .store, at: settings.store)
    let alerting = process.connection(to: .alerting, at: settings.alerting)
    let push = process.connection(to: .push, at: settings.push, limits: .tunnels(settings.maximumStreams))
    let peers = GatewayPeers(orchestrator: orchestrator.client, store: store.client, alerting: alerting.client)
    let (gateway, router) = try await Gateway.open(
        database,
        settings,
        at: port,
        in: process,
        peers: peers,
        push: push
    )
    let server = try process.server(router)
    try await process.run([orchestrator, store, alerting, push, server, gateway])
    await database.close()
}
