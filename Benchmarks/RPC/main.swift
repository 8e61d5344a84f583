import EventLoop
import Foundation
import HTTP
import JSON
import JSONRPC
import JSONRPCTransport
import Observability
import TLS

struct Probe: Codable, RPCPayload {
    var target: String
    var type: String
    var count: Int
    var interval_ms: Int
    var tags: [String]
    var origin: String
    var note: String
}

/// The bytes of the params, sent back as they came: what is measured is the mesh, not a payload's coder.
struct Bytes: RPCPayload {
    var json: ArraySlice<UInt8>
    init(payload bytes: ArraySlice<UInt8>) { json = bytes }
    func writePayload(to writer: inout JSONWriter) { writer.raw(json) }
    static var schema: JSONSchema { .any }
}

let directory = CommandLine.arguments[1]
let port = UInt16(CommandLine.arguments[2])!
let loop = try EventLoop(name: "server")
let log = Log(label: "bench")
var router = RPCRouter(title: "store", log: log, metrics: Metrics())
router.handle(
    RPCMethod<Bytes, Bytes>("echo.say", "", of: RPCPeer(rawValue: "store"), callers: [RPCPeer(rawValue: "probe-agent")])
) { $0 }
let server = try RPCServer(
    on: SocketAddress(.loopback, port: port),
    loops: [loop],
    identity: TLSIdentity(directory: directory + "/store"),
    router: router,
    log: log,
    metrics: Metrics()
)
try loop.start()
try await server.run()
