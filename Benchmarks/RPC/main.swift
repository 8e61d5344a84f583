import EventLoop
import Foundation

// bench-rpc PKI PORT                                      answers echo.say on loopback, on one loop
// bench-rpc client HOST:PORT PKI CONNECTIONS INFLIGHT CALLS   calls it, and prints what a call cost
let arguments = Array(CommandLine.arguments.dropFirst())
if arguments.first == "client", arguments.count == 6 {
    try await EchoCaller(arguments).run()
} else if arguments.count == 2, let port = UInt16(arguments[1]) {
    try await serveEcho(identity: "\(arguments[0])/store", on: SocketAddress(.loopback, port: port))
} else {
    FileHandle.standardError.write(
        Data("usage: bench-rpc PKI PORT | client HOST:PORT PKI CONNECTIONS INFLIGHT CALLS\n".utf8)
    )
    exit(64)
}
