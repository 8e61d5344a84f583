import Foundation
import ServiceTesting
import Testing

@testable import TLS

@Suite("The authority of enrolled agents")
struct AgentAuthorityTests {
    static let store = "spiffe://sonde/ns/default/sa/store"
    static let enrolled = "spiffe://sonde/ns/enrolled-1/sa/probe-agent"

    let services: CertificateAuthority
    let agents: CertificateAuthority

    init() throws {
        services = try CertificateAuthority.make(trustDomain: "sonde", pathLength: 1).authority
        agents = try CertificateAuthority.make("Sonde agents", trustDomain: "sonde", pathLength: 1).authority
    }

    /// A store that agents may come to, unless `agents` is empty.
    private func server(agents: [CertificateAuthority]? = nil) throws -> IdentityMaterial {
        let key = try PrivateKey.p256()
        let leaf = try services.issue(uris: [Self.store], for: key, lifetime: .seconds(3_600))
        let trusted = agents ?? [self.agents]
        return IdentityMaterial(
            chain: [leaf],
            key: key,
            authorities: [services.certificate],
            agentAuthorities: trusted.map(\.certificate)
        )
    }

    private func client(
        _ uris: [String],
        from authority: CertificateAuthority,
        through chain: [Certificate] = [],
        startingIn delay: Duration = .zero
    ) throws -> IdentityMaterial {
        let key = try PrivateKey.p256()
        let leaf = try authority.issue(uris: uris, for: key, lifetime: .seconds(3_600), startingIn: delay)
        return IdentityMaterial(chain: [leaf] + chain, key: key, authorities: [services.certificate])
    }

    /// Whom the server takes the client for.
    private func peer(_ client: IdentityMaterial, of server: IdentityMaterial) throws -> SPIFFEID? {
        let wire = try Wire(
            client: TLSContext.mesh(server: false, client, trustDomain: "sonde"),
            server: TLSContext.mesh(server: true, server, trustDomain: "sonde"),
            expecting: "store"
        )
        _ = try wire.run()
        return wire.server.peer
    }

    @Test("vouches for an enrolled agent, where agents may come")
    func enrolledAgent() throws {
        let agent = try client([Self.enrolled], from: agents)
        #expect(try peer(agent, of: server())?.enrolment == "1")
        #expect(throws: TLSError.self) { _ = try peer(agent, of: server(agents: [])) }
        // Those of the cluster come as before.
        let inside = try client(["spiffe://sonde/ns/default/sa/probe-agent"], from: services)
        #expect(try peer(inside, of: server())?.service == "probe-agent")
        #expect(try peer(inside, of: server())?.enrolment == nil)
    }

    @Test(
        "vouches for nobody else",
        arguments: [
            ["spiffe://sonde/ns/default/sa/gateway"], ["spiffe://sonde/ns/default/sa/probe-agent"],
            ["spiffe://sonde/ns/enrolled-1/sa/gateway"], ["spiffe://sonde/ns/enrolled-1/sa/probe-agent-2"],
            ["spiffe://sonde/ns/enrolled/sa/probe-agent"], ["spiffe://sonde/ns/Enrolled-1/sa/probe-agent"],
            ["spiffe://sonde/ns/default/enrolled-1/sa/probe-agent"], ["spiffe://sonde/ns/enrolled-1/sa/probe-agent/x"],
            ["spiffe://elsewhere/ns/enrolled-1/sa/probe-agent"], ["https://sonde/ns/enrolled-1/sa/probe-agent"],
            [enrolled, "spiffe://sonde/ns/default/sa/gateway"],
            [enrolled, "spiffe://sonde/ns/enrolled-2/sa/probe-agent"],
            [],
        ]
    )
    func impostors(uris: [String]) throws {
        let server = try server()
        let error = #expect(throws: TLSError.self) { _ = try peer(client(uris, from: agents), of: server) }
        #expect(error?.code == .untrusted)
    }

    @Test("is the only one that vouches for an enrolled agent")
    func otherAuthority() throws {
        let server = try server()
        let error = #expect(throws: TLSError.self) {
            _ = try peer(client([Self.enrolled], from: services), of: server)
        }
        #expect(error?.code == .untrusted)
    }

    @Test("vouches for no certificate outside its time", arguments: [-7_200, 7_200])
    func time(startsIn seconds: Int) throws {
        let agent = try client([Self.enrolled], from: agents, startingIn: .seconds(seconds))
        #expect(throws: TLSError.self) { _ = try peer(agent, of: server()) }
    }

    @Test("vouches for no more through an authority below it, or by being vouched for itself")
    func chains() throws {
        let gateway = "spiffe://sonde/ns/default/sa/gateway"
        let below = try CertificateAuthority.make("Below", trustDomain: "sonde", parent: agents).authority
        #expect(try peer(client([Self.enrolled], from: below, through: [below.certificate]), of: server()) != nil)
        #expect(throws: TLSError.self) {
            _ = try peer(client([gateway], from: below, through: [below.certificate]), of: server())
        }
        // The key of the agents' authority, signed by that of the services: the same power under another paper.
        let (own, key) = try CertificateAuthority.make("Sonde agents", trustDomain: "sonde")
        let crossed = try CertificateAuthority.make("Crossed", trustDomain: "sonde", key: key, parent: services)
            .authority
        #expect(throws: TLSError.self) {
            _ = try peer(client([gateway], from: crossed, through: [crossed.certificate]), of: server(agents: [own]))
        }
        // Where nobody lists that key, it is an authority of the services' like any other.
        #expect(try peer(client([gateway], from: crossed, through: [crossed.certificate]), of: server()) != nil)
        // An authority of the services' that is listed as one of agents' is one of agents' from then on.
        let listed = try CertificateAuthority.make("Listed", trustDomain: "sonde", parent: services).authority
        #expect(throws: TLSError.self) { _ = try peer(client([gateway], from: listed), of: server(agents: [listed])) }
    }

    @Test("makes no authorities of agents")
    func leafAsAuthority() throws {
        let key = try PrivateKey.p256()
        let leaf = try agents.issue(uris: [Self.enrolled], for: key, lifetime: .seconds(3_600))
        let thief = try CertificateAuthority(certificate: leaf, key: key)
        let other = "spiffe://sonde/ns/enrolled-2/sa/probe-agent"
        #expect(throws: TLSError.self) { _ = try peer(client([other], from: thief, through: [leaf]), of: server()) }
    }

    @Test("makes no servers, whatever they are called")
    func servers() throws {
        let key = try PrivateKey.p256()
        let leaf = try agents.issue(uris: [Self.store], for: key, lifetime: .seconds(3_600))
        let server = IdentityMaterial(chain: [leaf], key: key, authorities: [services.certificate])
        // A client that has the file does not trust it for that.
        let own = try self.server()
        #expect(throws: TLSError.self) { _ = try peer(own, of: server) }
    }

    @Test("issues what a request asks for to clients alone")
    func requested() throws {
        let key = try PrivateKey.p256()
        let leaf = try agents.issue(
            SPIFFEID(trustDomain: "sonde", enrolment: "7"),
            for: CertificateRequest(pem: CertificateRequest.pem(for: key)),
            lifetime: .seconds(3_600),
            startingAt: Int64(Date().timeIntervalSince1970)
        )
        let agent = IdentityMaterial(chain: [leaf], key: key, authorities: [services.certificate])
        #expect(try peer(agent, of: server())?.enrolment == "7")
        // Even one that trusts its authority for everything does not take it for a server.
        let trusting = IdentityMaterial(chain: [leaf], key: key, authorities: [agents.certificate])
        let wire = try Wire(
            client: TLSContext.mesh(server: false, trusting, trustDomain: "sonde"),
            server: TLSContext.mesh(server: true, agent, trustDomain: "sonde"),
            expecting: nil
        )
        #expect(throws: TLSError.self) { _ = try wire.run() }
    }

    @Test("comes and goes with its file, which holds none of the services'")
    func file() throws {
        let directory = try TemporaryDirectory()
        let server = try server()
        func write(_ bytes: [UInt8], _ name: String) throws {
            try Data(bytes).write(to: URL(filePath: directory.path).appending(path: name), options: .atomic)
        }
        try write(server.chain[0].pem(), "tls.crt")
        try write(server.key.pem(), "tls.key")
        try write(services.certificate.pem(), "ca.crt")
        let identity = try TLSIdentity(directory: directory.path)
        let agent = try TLSContext.mesh(
            server: false,
            client([Self.enrolled], from: agents),
            trustDomain: "sonde"
        )
        func isAccepted() throws -> Bool {
            let wire = try Wire(client: agent, server: identity.server, expecting: "store")
            return (try? wire.run()) != nil
        }
        #expect(try !isAccepted())
        try write(agents.certificate.pem(), "agents.crt")
        #expect(try identity.reloadIfChanged())
        #expect(try isAccepted())
        let namesake = try CertificateAuthority.make(trustDomain: "sonde").authority
        for wrong in [services.certificate, namesake.certificate] {
            try write(agents.certificate.pem() + wrong.pem(), "agents.crt")
            let error = #expect(throws: TLSError.self) { _ = try identity.reloadIfChanged() }
            #expect(error?.message.contains("agents.crt") == true)
            #expect(try isAccepted())
        }
        try FileManager.default.removeItem(atPath: directory.path + "/agents.crt")
        #expect(try identity.reloadIfChanged())
        #expect(try !isAccepted())
    }
}
