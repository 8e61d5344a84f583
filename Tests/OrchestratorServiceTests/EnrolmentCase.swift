import Contracts
import Foundation
import JSONRPC
import ServiceTesting
import TLS

/// The files of an orchestrator that enrols agents, and hosts that become some.
struct EnrolmentCase: Sendable {
    let directory: TemporaryDirectory
    let time = ManualTime()
    let services: CertificateAuthority
    let agents: CertificateAuthority

    init() throws {
        directory = try TemporaryDirectory()
        services = try CertificateAuthority.make(trustDomain: "sonde").authority
        let (agents, agentsKey) = try CertificateAuthority.make("Sonde agents", trustDomain: "sonde")
        self.agents = agents
        let key = try PrivateKey.p256()
        let id = SPIFFEID(trustDomain: "sonde", namespace: "default", service: "orchestrator")
        try write(services.issue(id, for: key, lifetime: .seconds(3_600)).pem(), "tls.crt")
        try write(key.pem(), "tls.key")
        try write(services.certificate.pem(), "ca.crt")
        try write(agents.certificate.pem(), "agents.crt")
        try write(agentsKey.pem(), "agents.key")
    }

    var settings: [String: String] {
        [
            "ORCHESTRATOR_IDENTITY_DIR": directory.path, "ORCHESTRATOR_ENROLMENT_DIR": directory.path,
            "ORCHESTRATOR_PUBLIC_ENDPOINT": "sonde.example.org:8443", "STORE_PUBLIC_ENDPOINT": "sonde.example.org:8444",
        ]
    }

    /// Runs an orchestrator for as long as `body` does.
    func run(
        _ others: [String: String] = [:],
        _ body: @escaping @Sendable (RPCClient) async throws -> Void
    ) async throws {
        try await withOrchestrator(in: directory, settings.merging(others) { $1 }, time: time, body)
    }

    func write(_ bytes: [UInt8], _ name: String) throws {
        try Data(bytes).write(to: URL(filePath: directory.path).appending(path: name), options: .atomic)
    }

    /// Uses a token with a new key.
    func redeem(
        _ token: String,
        _ client: RPCClient
    ) async throws -> (agent: EnrolledAgent, key: PrivateKey) {
        let key = try PrivateKey.p256()
        let redemption = EnrolmentRedemption(token: token, certificateRequest: try Self.request(key))
        return (try await client.call(.redeemEnrolment, redemption), key)
    }

    /// The identity of an agent that was enrolled just now.
    func enrol(_ name: String, labels: [String: String]? = nil, _ client: RPCClient) async throws -> EnrolledHost {
        let made = try await client.call(.createEnrolment, EnrolmentRequest(name: name, labels: labels))
        let (agent, _) = try await redeem(made.token, client)
        let identity = try Certificate(pem: Array(agent.certificate.utf8)).spiffeID().description
        return EnrolledHost(enrolment: made.enrolment.id, identity: identity)
    }

    static func request(_ key: PrivateKey) throws -> String {
        String(decoding: try CertificateRequest.pem(for: key), as: UTF8.self)
    }
}

struct EnrolledHost: Sendable {
    var enrolment: EnrolmentID
    var identity: String
}

extension AgentRegistration {
    static func named(_ name: String, labels: [String: String] = [:]) -> Self {
        AgentRegistration(name: name, version: "1", labels: labels, surroundings: .init(router: "192.0.2.1"))
    }
}
