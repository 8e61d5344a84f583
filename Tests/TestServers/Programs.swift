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
    let id = try startProgram(program, arguments)
    var status: CInt = 0
    guard unsafe waitpid(id, &status, 0) == id, status == 0 else {
        throw SystemError(code: ECHILD, message: program)
    }
}

func startProgram(_ program: String, _ arguments: [String]) throws -> pid_t {
    var words = unsafe ([program] + arguments).map { unsafe strdup($0) } + [nil]
    defer { unsafe words.forEach { unsafe free($0) } }
    var id = pid_t()
    let failure = unsafe posix_spawn(&id, program, nil, nil, &words, environ)
    guard failure == 0 else { throw SystemError(code: failure, message: program) }
    return id
}

/// Ends a program that was started here.
func stopProgram(_ id: pid_t) {
    _ = kill(id, SIGKILL)
    _ = waitpid(id, nil, 0)
}

/// Waits until something listens on a port of loopback.
func awaitListener(on port: UInt16) async throws {
    let deadline = ContinuousClock.now + .seconds(10)
    while try !hasListener(port) {
        guard ContinuousClock.now < deadline else {
            throw SystemError(code: ECONNREFUSED, message: "nothing listens on port \(port)")
        }
        await Task.yield()
    }
}

private func hasListener(_ port: UInt16) throws -> Bool {
    let socket = try TCPSocket.connect(to: SocketAddress(.loopback, port: port))
    var pending = pollfd(fd: socket.number, events: Int16(POLLOUT), revents: 0)
    _ = unsafe poll(&pending, 1, 1_000)
    return (try? TCPSocket.checkConnected(socket)) != nil
}
