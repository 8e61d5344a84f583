import Configuration
import Contracts
import HTTP
import JSONRPCTransport
import PushService

let settings = configure("push") { environment throws(ConfigurationError) in
    try PushSettings(from: environment)
}

await MeshProcess.main(.push) {
    let process = try MeshProcess(.push, settings.mesh)
    let gateway = process.connection(to: .gateway, at: settings.mesh.gateway)
    let store = process.connection(to: .store, at: settings.store)
    let push = Push(settings, in: process, gateway: gateway.client, store: store.client)
    let rpc = RPCHandler(process.router())
    let server = try process.server(limits: .tunnels(settings.maximumClients)) { request in push.answer(request, rpc) }
    try await process.run([gateway, store, server, push])
}
