import AlertingService
import Configuration
import Contracts
import Database
import EventLoop
import JSONRPC
import JSONRPCTransport
import Leadership
import Tokens

let settings = configure("alerting") { environment throws(ConfigurationError) in
    try AlertingSettings(from: environment)
}

await MeshProcess.main(.alerting) {
    let process = try MeshProcess(.alerting, settings.mesh)
    let opened = try await openDatabase(
        at: settings.database,
        sqlite: settings.sqlite,
        postgres: settings.postgres
    )
    let database = WatchedDatabase(opened) { process.noteTrouble($0, of: "database") }
    let again = try await openAgain(database, at: settings.database, settings.postgres)
    let signs = WatchedDatabase(again) { process.noteTrouble($0, of: "leadership") }
    let clock = LoopClock(process.loop)
    let store = process.connection(to: .store, at: settings.store)
    let orchestrator = process.connection(to: .orchestrator, at: settings.orchestrator)
    let gateway = process.connection(to: .gateway, at: settings.mesh.gateway)
    let authorizer = PersonAuthorizer(clock: clock)
    let identity = IdentityFollower(gateway.client, authorizer, clock: clock, log: process.log)
    let led = LedServices(
        of: "alerting",
        in: database,
        signs: signs,
        lease: settings.lease,
        clock: clock,
        metrics: process.metrics,
        log: process.log
    ) { database in
        let alerting = try await Alerting.open(
            database,
            settings,
            store: store.client,
            orchestrator: orchestrator.client,
            on: process.loop,
            log: process.log,
            metrics: process.metrics
        )
        var router = process.router(authorizer: authorizer)
        alerting.addRoutes(to: &router)
        return [try process.server(router), alerting]
    }
    try await process.run([gateway, identity, orchestrator, store, led])
    await signs.close()
    await database.close()
}
