import EventLoop
import Foundation
import JSON
import Kubernetes
import Synchronization
import TLS
import TestServers

@testable import CLIService

/// A cluster without anything, and a day that the tests choose.
final class SecretsCase: Sendable {
    /// The identities as they are mounted on one day.
    struct Peers {
        var gateway: IdentityMaterial
        var store: IdentityMaterial
        /// Of a host that was enrolled that day.
        var agent: IdentityMaterial
    }

    private static let start: Int64 = 1_800_000_000

    let server: KubernetesServer
    private let loop: EventLoop
    private let client: KubernetesClient
    private let days = Mutex(0)

    init() throws {
        server = try KubernetesServer()
        loop = try EventLoop(name: "secrets")
        try loop.start()
        let cluster = KubernetesCluster(
            host: "127.0.0.1",
            port: server.port,
            authorityFile: "\(server.directory)/ca.crt",
            tokenFile: "\(server.directory)/token",
            namespace: "team"
        )
        client = KubernetesClient(cluster, agent: "test", loop: loop)
    }

    deinit {
        client.close()
        loop.stop()
    }

    /// Since the start.
    var day: Int {
        get { days.withLock { $0 } }
        set { days.withLock { $0 = newValue } }
    }

    /// Seconds since 1970.
    var now: Int64 { Self.start + Int64(day) * 86_400 }

    /// Requests that change something.
    var writes: Int { server.requests.filter { !$0.hasPrefix("GET") }.count }

    func run(trustDomain: String? = nil, hasDatabase: Bool = false) async throws -> [SecretReport] {
        var plan = ClusterSecrets.Plan(prefix: "sonde", namespace: "team", trustDomain: trustDomain)
        plan.hasDatabase = hasDatabase
        plan.adminEmail = "me@example.org"
        return try await ClusterSecrets(client: client, plan: plan, now: { [self] in now }).run()
    }

    /// The key that signs, after a run.
    func authority() async throws -> [UInt8] {
        _ = try await run()
        return files("sonde-authority")["ca.key"] ?? []
    }

    func files(_ secret: String) -> [String: [UInt8]] {
        guard case .object(let data)? = server.object("v1/secrets", secret, namespace: "team")?["data"] else {
            return [:]
        }
        return data.compactMapValues { value in
            guard case .string(let text) = value else { return nil }
            return Data(base64Encoded: text).map { [UInt8]($0) }
        }
    }

    /// Writes a Secret's files, as kubelet does.
    func mount(_ secret: String, in directory: String) throws {
        for (name, bytes) in files(secret) { try Data(bytes).write(to: URL(filePath: "\(directory)/\(name)")) }
    }

    func peers() throws -> Peers {
        let issuer = files("sonde-enrolment")
        let authority = try CertificateAuthority(
            certificate: try IdentityMaterial.certificates(pem: issuer["agents.crt"] ?? [])[0],
            key: try PrivateKey(pem: issuer["agents.key"] ?? [])
        )
        let (key, id) = (try PrivateKey.p256(), SPIFFEID(trustDomain: "sonde", enrolment: "1"))
        let request = try CertificateRequest(pem: try CertificateRequest.pem(for: key))
        let leaf = try authority.issue(id, for: request, lifetime: .seconds(7 * 86_400 + 60), startingAt: now)
        let gateway = try material("gateway")
        return Peers(
            gateway: gateway,
            store: try material("store"),
            agent: IdentityMaterial(chain: [leaf], key: key, authorities: gateway.authorities)
        )
    }

    private func material(_ service: String) throws -> IdentityMaterial {
        let files = files("sonde-tls-\(service)")
        return IdentityMaterial(
            chain: try IdentityMaterial.certificates(pem: files["tls.crt"] ?? []),
            key: try PrivateKey(pem: files["tls.key"] ?? []),
            authorities: try IdentityMaterial.certificates(pem: files["ca.crt"] ?? []),
            agentAuthorities: try files["agents.crt"].map(IdentityMaterial.certificates(pem:)) ?? []
        )
    }
}

/// Has two peers of the mesh shake hands at a time, in seconds since 1970; throws when one refuses the other.
func shakeHands(
    _ client: IdentityMaterial,
    _ server: IdentityMaterial,
    expecting service: String?,
    at time: Int64
) throws {
    let left = try TLSSession(
        TLSContext.mesh(server: false, client, trustDomain: "sonde"),
        expecting: service,
        at: time
    )
    let right = try TLSSession(TLSContext.mesh(server: true, server, trustDomain: "sonde"), at: time)
    let scratch = TLSScratch()
    try left.start()
    while !left.output.isEmpty || !right.output.isEmpty {
        for (sender, receiver) in [(left, right), (right, left)] where !sender.output.isEmpty {
            let bytes = sender.output
            sender.output = []
            _ = try receiver.receive(bytes.span, scratch: scratch) { _ in }
        }
    }
    guard left.isEstablished, right.isEstablished else { throw TLSError(.handshake, "the handshake has no end") }
}
