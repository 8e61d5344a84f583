import EventLoop
import Foundation
import Glibc

/// nginx with HTTP/2 and a certificate for `localhost`, of an authority made for it alone.
public final class TLSServer: Sendable {
    public let port: UInt16
    public let authorityFile: String
    private let directory: URL

    public init() throws {
        directory = FileManager.default.temporaryDirectory.appendingPathComponent("egress-\(UUID())")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        port = try Self.freePort()
        authorityFile = directory.appendingPathComponent("cert.pem").path
        let certificate =
            "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 1 -subj /CN=localhost "
            + "-addext subjectAltName=DNS:localhost -keyout \(directory.path)/key.pem -out \(authorityFile)"
        try run("/usr/bin/openssl", certificate.split(separator: " ").map(String.init))
        let configuration = """
            pid \(directory.path)/pid; error_log \(directory.path)/error; events {}
            http {
              access_log off; client_body_temp_path \(directory.path)/body;
              server {
                listen 127.0.0.1:\(port) ssl http2; ssl_certificate cert.pem; ssl_certificate_key key.pem;
                location / { return 200 "over tls"; }
              }
            }
            """
        try configuration.write(to: directory.appendingPathComponent("nginx.conf"), atomically: true, encoding: .utf8)
        // Goes into the background once it listens.
        try run("/usr/sbin/nginx", nginx)
    }

    public func stop() {
        try? run("/usr/sbin/nginx", nginx + ["-s", "stop"])
        try? FileManager.default.removeItem(at: directory)
    }

    /// Below the ports that the kernel gives to clients, so that none of them comes in between.
    private static func freePort() throws -> UInt16 {
        for _ in 0..<100 {
            let address = SocketAddress(.loopback, port: .random(in: 20_000..<32_000))
            guard let socket = try? TCPSocket.listen(on: address, sharingPort: false) else { continue }
            return try TCPSocket.localAddress(of: socket).port
        }
        throw SystemError(code: EADDRINUSE, message: "no free port")
    }

    private var nginx: [String] {
        ["-p", directory.path, "-c", "nginx.conf", "-e", "\(directory.path)/error"]
    }

    /// Waits for the program itself, not for what it leaves running in the background.
    private func run(_ program: String, _ arguments: [String]) throws {
        var words = unsafe ([program] + arguments).map { unsafe strdup($0) } + [nil]
        defer { unsafe words.forEach { unsafe free($0) } }
        var id = pid_t()
        let failure = unsafe posix_spawn(&id, program, nil, nil, &words, environ)
        guard failure == 0 else { throw SystemError(code: failure, message: program) }
        var status: CInt = 0
        guard unsafe waitpid(id, &status, 0) == id, status == 0 else {
            throw SystemError(code: ECHILD, message: program)
        }
    }
}
