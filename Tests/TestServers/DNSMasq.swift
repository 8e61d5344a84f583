public import EventLoop
import Glibc

/// dnsmasq, which knows `a.example`, over UDP and TCP, and in front of it socat, which adds TLS.
public final class DNSMasq: Sendable {
    public let address: SocketAddress
    public let tlsAddress: SocketAddress
    private let programs: [Child]

    /// TLS with the certificate of `server`.
    public init(tlsLike server: TLSServer) async throws {
        let (port, tlsPort) = (try freePort(), try freePort())
        address = SocketAddress(.loopback, port: port)
        tlsAddress = SocketAddress(.loopback, port: tlsPort)
        let options = "--no-daemon --no-resolv --no-hosts --bind-interfaces --listen-address=127.0.0.1 --user=root"
        let names = "--address=/a.example/192.0.2.1 --address=/a.example/2001:db8::1 --conf-file=/dev/null"
        let dnsmasq = try Child(
            "/usr/sbin/dnsmasq",
            "--port=\(port) --log-facility=/dev/null \(options) \(names)".split(separator: " ").map(String.init)
        )
        let certificate = "cert=\(server.authorityFile),key=\(server.keyFile),verify=0"
        let socat = try Child(
            "/usr/bin/socat",
            [
                "OPENSSL-LISTEN:\(tlsPort),bind=127.0.0.1,reuseaddr,fork,\(certificate)",
                "TCP:127.0.0.1:\(port)",
            ]
        )
        programs = [dnsmasq, socat]
        try await awaitListener(on: port)
        try await awaitListener(on: tlsPort)
    }

    public func stop() {
        programs.forEach { $0.stop() }
    }
}
