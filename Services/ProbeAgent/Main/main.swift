import Configuration
import Contracts
import EventLoop
import JSONRPCTransport
import ProbeAgentService

await EnrolCommand.runIfAsked(Array(CommandLine.arguments.dropFirst()), .process)

let settings = configure("probe-agent") { environment throws(ConfigurationError) in
    try ProbeAgentSettings(from: environment)
}

await MeshProcess.main(.probeAgent) {
    let identity = IdentityFolder(settings.mesh.identityDirectory)
    try identity.finishExchange()
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
    let renewal = IdentityRenewal(
        identity,
        orchestrator: orchestrator.client,
        clock: LoopClock(process.loop),
        log: process.log
    )
    try await process.run([orchestrator, store, renewal, agent], isReady: false)
}
