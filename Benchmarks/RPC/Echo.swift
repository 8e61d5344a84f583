import EventLoop
import Foundation
import JSON
import JSONRPC
import JSONRPCTransport
import Lifecycle
import Observability
import TLS

/// Params that are sent back as they came: what is measured is the mesh, not a payload's coder.
struct Payload: RPCPayload {
    var json: ArraySlice<UInt8>

    init(_ text: String) {
        json = Array(text.utf8)[...]
    }

    init(payload bytes: ArraySlice<UInt8>) {
        json = bytes
    }

    func writePayload(to writer: inout JSONWriter) {
        writer.raw(json)
    }

    static var schema: JSONSchema { .any }
}

extension RPCPeer {
    static let server = Self(rawValue: "store")
    static let caller = Self(rawValue: "probe-agent")
}

extension RPCMethod where Params == Payload, Result == Payload {
    static var echo: Self { Self("echo.say", "Says it again.", of: .server, callers: [.caller], isIdempotent: true) }
    /// The same from a handler that may wait, as those do that ask a database.
    static var awaitingEcho: Self { Self("echo.wait", "Says it again.", of: .server, callers: [.caller]) }
}

/// Answers until a signal comes.
func serveEcho(identity: String, on address: SocketAddress) async throws {
    let signals = try SignalWaiter([SIGTERM, SIGINT])
    let loop = try EventLoop(name: "server")
    let log = Log(label: "bench-rpc")
    let metrics = Metrics()
    var router = RPCRouter(title: "echo", log: log, metrics: metrics)
    router.handle(.echo) { $0 }
    router.handle(.awaitingEcho) { params async in params }
    let server = try RPCServer(
        on: address,
        loops: [loop],
        identity: TLSIdentity(directory: identity),
        router: router,
        log: log,
        metrics: metrics
    )
    try loop.start()
    try await ServiceGroup([server], on: loop, shutdownOn: signals, log: log).run()
}
