import Configuration
import Contracts
import JSONRPCTransport
import ProbeAgentService

let settings = configure("probe-agent") { environment throws(ConfigurationError) in
    try ProbeAgentSettings(from: environment)
}

await MeshProcess.main(.probeAgent) {
    let process = try MeshProcess(.probeAgent, settings.mesh)
    let orchestrator = process.connection(to: .orchestrator, at: settings.orchestrator)
    let spool = try await Spool.open(settings.spool, origin: settings.name, log: process.log, metrics: process.metrics)
    process.metrics.addLoop(spool.loop, as: "sonde_spool_loop")
    let store = process.connection(to: .store, at: settings.store, on: spool.loop)
    let agent = ProbeAgent(
        settings,
        spool,
        orchestrator: orchestrator.client,
        store: store.client,
        on: process.loop,
        readiness: process.readiness,
        log: process.log,
        metrics: process.metrics
    )
    try await process.run([orchestrator, store, agent], isReady: false)
}
