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
    let store = process.connection(to: .store, at: settings.store)
    let agent = try await ProbeAgent.open(
        settings,
        orchestrator: orchestrator.client,
        store: store.client,
        on: process.loop,
        readiness: process.readiness,
        log: process.log,
        metrics: process.metrics
    )
    try await process.run([orchestrator, store, agent], isReady: false)
}
