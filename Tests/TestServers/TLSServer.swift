import EventLoop
import Foundation
import Glibc

/// nginx with HTTP/2 and a certificate for `localhost`, of an authority made for it alone.
public final class TLSServer: Sendable {
    public let port: UInt16
    /// Where it speaks without TLS.
    public let plainPort: UInt16
    public let authorityFile: String
    /// Of the same certificate.
    public var keyFile: String { directory.appendingPathComponent("key.pem").path }
    private let directory: URL

    public init() throws {
        directory = FileManager.default.temporaryDirectory.appendingPathComponent("egress-\(UUID())")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        port = try freePort()
        plainPort = try freePort()
        authorityFile = directory.appendingPathComponent("cert.pem").path
        let certificate =
            "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 1 -subj /CN=localhost "
            + "-addext subjectAltName=DNS:localhost -keyout \(directory.path)/key.pem -out \(authorityFile)"
        try runProgram("/usr/bin/openssl", certificate.split(separator: " ").map(String.init))
        let configuration = """
            pid \(directory.path)/pid; error_log \(directory.path)/error; events {}
            http {
              access_log off; client_body_temp_path \(directory.path)/body;
              server {
                listen 127.0.0.1:\(port) ssl http2; listen 127.0.0.1:\(plainPort); ssl_protocols TLSv1.2 TLSv1.3;
                ssl_certificate cert.pem; ssl_certificate_key key.pem;
                location / { return 200 "over tls"; }
                location /echo { return 200 "$request_method $http_authorization $http_x_team"; }
                location /away { return 302 /; }
                location /length {
                  client_max_body_size 1m; client_body_buffer_size 1m;
                  proxy_pass http://127.0.0.1:\(plainPort)/counted;
                }
                location /counted { return 200 "$http_content_length"; }
              }
            }
            """
        try configuration.write(to: directory.appendingPathComponent("nginx.conf"), atomically: true, encoding: .utf8)
        // Goes into the background once it listens.
        try runProgram("/usr/sbin/nginx", nginx)
    }

    public func stop() {
        try? runProgram("/usr/sbin/nginx", nginx + ["-s", "stop"])
        // On its way out nginx removes files as well, which `FileManager` would stumble over.
        try? runProgram("/usr/bin/rm", ["-rf", directory.path])
    }

    private var nginx: [String] {
        ["-p", directory.path, "-c", "nginx.conf", "-e", "\(directory.path)/error"]
    }
}
