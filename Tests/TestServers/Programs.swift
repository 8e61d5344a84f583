import EventLoop
import Foundation
import Glibc

/// Below the ports that the kernel gives to clients, so that none of them comes in between.
public func freePort() throws -> UInt16 {
    for _ in 0..<100 {
        let address = SocketAddress(.loopback, port: .random(in: 20_000..<32_000))
        guard let socket = try? TCPSocket.listen(on: address, sharingPort: false) else { continue }
        return try TCPSocket.localAddress(of: socket).port
    }
    throw SystemError(code: EADDRINUSE, message: "no free port")
}

/// Waits for the program itself, not for what it leaves running in the background.
func runProgram(_ program: String, _ arguments: [String]) throws {
    let code = try Child(program, arguments).wait()
    guard code == 0 else { throw ProgramError(program: program, code: code) }
}

/// A program that ended otherwise than well.
struct ProgramError: Error, CustomStringConvertible {
    var program: String
    var code: Int

    var description: String { "\(program) ended with \(code)" }
}

/// Waits until something listens on a port of loopback.
func awaitListener(on port: UInt16) async throws {
    let deadline = ContinuousClock.now + .seconds(60)
    while try !hasListener(port) {
        guard ContinuousClock.now < deadline else {
            throw SystemError(code: ECONNREFUSED, message: "nothing listens on port \(port)")
        }
        try? await ContinuousClock().sleep(for: .milliseconds(1))
    }
}

private func hasListener(_ port: UInt16) throws -> Bool {
    let socket = try TCPSocket.connect(to: SocketAddress(.loopback, port: port))
    var pending = pollfd(fd: socket.number, events: Int16(POLLOUT), revents: 0)
    _ = unsafe poll(&pending, 1, 1_000)
    return (try? TCPSocket.checkConnected(socket)) != nil
}
