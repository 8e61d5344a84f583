import Configuration
import Contracts
import Database
import EventLoop
import JSON
import JSONRPC
import JSONRPCTransport
import Kubernetes
import Leadership
import OrchestratorService
import Tokens

let settings = configure("orchestrator") { environment throws(ConfigurationError) in
    try OrchestratorSettings(from: environment)
}

await MeshProcess.main(.orchestrator) {
    let process = try MeshProcess(.orchestrator, settings.mesh)
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
    let alerting = process.connection(to: .alerting, at: settings.alerting)
    let gateway = process.connection(to: .gateway, at: settings.mesh.gateway)
    let kubernetes = settings.nodes.cluster.map {
        KubernetesClient($0, agent: "sonde-orchestrator/\(Release.version)", loop: process.loop)
    }
    let authorizer = PersonAuthorizer(clock: clock)
    let identity = IdentityFollower(gateway.client, authorizer, clock: clock, log: process.log)
    let led = LedServices(
        of: "orchestrator",
        in: database,
        signs: signs,
        lease: settings.lease,
        clock: clock,
        metrics: process.metrics,
        log: process.log
    ) { database in
        let orchestrator = try await Orchestrator.open(
            database,
            settings,
            clock: clock,
            store: store.client,
            alerting: alerting.client,
            kubernetes: kubernetes,
            log: process.log
        )
        orchestrator.addMetrics(to: process.metrics)
        var router = process.router(authorizer: authorizer)
        orchestrator.addRoutes(to: &router)
        return [try process.server(router), orchestrator]
    }
    try await process.run([gateway, identity, store, alerting, led])
    await signs.close()
    await database.close()
}
