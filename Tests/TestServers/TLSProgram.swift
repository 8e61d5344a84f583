public import EventLoop
import Glibc

/// Any program behind TLS: what it prints is what a client gets.
public final class TLSProgram: Sendable {
    public let address: SocketAddress
    private let program: Child

    /// `command` as a shell has it; with the certificate of `server`.
    public init(_ command: String, like server: TLSServer) async throws {
        let port = try freePort()
        address = SocketAddress(.loopback, port: port)
        let certificate = "cert=\(server.authorityFile),key=\(server.keyFile),verify=0"
        program = try Child(
            "/usr/bin/socat",
            ["OPENSSL-LISTEN:\(port),bind=127.0.0.1,reuseaddr,fork,\(certificate)", "SYSTEM:\(command)"]
        )
        try await awaitListener(on: port)
    }

    public func stop() {
        program.stop()
    }
}
