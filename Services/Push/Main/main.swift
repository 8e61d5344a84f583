import Configuration
import Contracts
import EventLoop
import HTTP
import JSONRPCTransport
import PushService
import Tokens

let settings = configure("push") { environment throws(ConfigurationError) in
    try PushSettings(from: environment)
}

await MeshProcess.main(.push) {
    let process = try MeshProcess(.push, settings.mesh)
    let gateway = process.connection(to: .gateway, at: settings.mesh.gateway)
    let store = process.connection(to: .store, at: settings.store)
    let authorizer = PersonAuthorizer(passedOnBy: [], clock: LoopClock(process.loop))
    let identity = IdentityFollower(gateway.client, authorizer, clock: LoopClock(process.loop), log: process.log)
    let push = Push(
        settings,
        in: process,
        authorizer: authorizer,
        gateway: gateway.client,
        store: store.client
    )
    let rpc = RPCHandler(process.router())
    let server = try process.server(limits: .tunnels(settings.maximumClients)) { request in push.answer(request, rpc) }
    try await process.run([gateway, identity, store, server, push])
}
