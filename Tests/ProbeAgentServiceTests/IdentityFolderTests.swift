import Contracts
import Foundation
import JSONRPC
import Observability
import ServiceTesting
import Synchronization
import TLS
import Testing

@testable import ProbeAgentService

@Suite("The identity of an enrolled agent")
struct IdentityFolderTests {
    private static let day: Int64 = 86_400
    private static let start = ManualTime().now

    let directory: TemporaryDirectory
    let folder: IdentityFolder
    let services: CertificateAuthority
    let agents: CertificateAuthority

    init() throws {
        directory = try TemporaryDirectory()
        folder = IdentityFolder(directory.path + "/identity")
        services = try CertificateAuthority.make(trustDomain: "sonde").authority
        agents = try CertificateAuthority.make("Sonde agents", trustDomain: "sonde").authority
    }

    private var authorities: String {
        get throws { String(decoding: try services.certificate.pem(), as: UTF8.self) }
    }

    private func issue(_ key: PrivateKey, at start: Timestamp = start) throws -> String {
        let certificate = try agents.issue(
            SPIFFEID(trustDomain: "sonde", enrolment: "7"),
            for: CertificateRequest(pem: CertificateRequest.pem(for: key)),
            lifetime: .seconds(7 * Self.day),
            startingAt: start.microseconds / 1_000_000
        )
        return String(decoding: try certificate.pem(), as: UTF8.self)
    }

    private func make() throws {
        try folder.exchange(certificate: issue(folder.makeKey()), authorities: authorities)
    }

    private var names: [String] {
        get throws { try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted() }
    }

    @Test("is written for its owner alone, and whole")
    func written() throws {
        try make()
        #expect(try names == ["ca.crt", "tls.crt", "tls.key"])
        for name in try names {
            let rights = try FileManager.default.attributesOfItem(atPath: "\(folder.path)/\(name)")[.posixPermissions]
            #expect(rights as? Int == 0o600)
        }
        #expect(try TLSIdentity(directory: folder.path).id.enrolment == "7")
    }

    @Test("stays as it is when what comes does not belong to the key, or is nothing")
    func wrong() throws {
        try make()
        let before = try folder.certificate()?.pem()
        _ = try folder.makeKey()
        let other = try issue(PrivateKey.p256())
        #expect(throws: (any Error).self) { try folder.exchange(certificate: other, authorities: authorities) }
        #expect(throws: (any Error).self) { try folder.exchange(certificate: "", authorities: authorities) }
        let own = try issue(IdentityMaterial.key(in: folder.path + "/tls.key.new"))
        #expect(throws: (any Error).self) { try folder.exchange(certificate: own, authorities: "") }
        #expect(try folder.certificate()?.pem() == before)
        #expect(try TLSIdentity(directory: folder.path).id.enrolment == "7")
    }

    @Test("is taken over by a running process, whatever is exchanged when")
    func takenOver() throws {
        try make()
        let identity = try TLSIdentity(directory: folder.path)
        let first = identity.client
        try make()
        #expect(try identity.reloadIfChanged())
        #expect(identity.client !== first)
    }

    @Test("is made whole at the next start when the exchange was cut short")
    func cutShort() throws {
        try make()
        let path = folder.path
        let key = try folder.makeKey()
        try Data(issue(key).utf8).write(to: URL(filePath: path + "/tls.crt.new"))
        // Cut short before the first of the two: the old pair is in use.
        try folder.finishExchange()
        #expect(try TLSIdentity(directory: path).id.enrolment == "7")
        // Between the two.
        #expect(unsafe rename(path + "/tls.key.new", path + "/tls.key") == 0)
        #expect(throws: TLSError.self) { _ = try TLSIdentity(directory: path) }
        try folder.finishExchange()
        #expect(try TLSIdentity(directory: path).id.enrolment == "7")
        #expect(try folder.certificate()?.belongs(to: key) == true)
    }

    @Test("is renewed for another key when half of its life is over, and not before")
    func renewed() async throws {
        try make()
        let time = ManualTime(Self.start)
        let asked = Mutex(0)
        let renewal = renewal(time) { request in
            asked.withLock { $0 += 1 }
            let certificate = try agents.issue(
                SPIFFEID(trustDomain: "sonde", enrolment: "7"),
                for: CertificateRequest(pem: Array(request.certificateRequest.utf8)),
                lifetime: .seconds(7 * Self.day),
                startingAt: time.now.microseconds / 1_000_000
            )
            return RenewedCertificate(
                certificate: String(decoding: try certificate.pem(), as: UTF8.self),
                authorities: try authorities
            )
        }
        #expect(try await !renewal.renewIfDue())
        time.advance(by: .seconds(3 * Self.day))
        #expect(try await !renewal.renewIfDue())
        let old = try IdentityMaterial.key(in: folder.path + "/tls.key")
        time.advance(by: .seconds(Self.day))
        #expect(try await renewal.renewIfDue())
        let material = try IdentityMaterial(directory: folder.path)
        #expect(material.chain.first?.belongs(to: old) == false)
        #expect(try await !renewal.renewIfDue())
        #expect(asked.withLock { $0 } == 1)
    }

    @Test("is kept when it cannot be renewed")
    func refused() async throws {
        try make()
        let time = ManualTime(Self.start.advanced(by: .seconds(6 * Self.day)))
        let renewal = renewal(time) { _ in throw RPCError(.permissionDenied, "deleted") }
        await #expect(throws: RPCError.self) { _ = try await renewal.renewIfDue() }
        #expect(try TLSIdentity(directory: folder.path).id.enrolment == "7")
    }

    @Test("is not asked for by an agent of the cluster, or without one")
    func inside() async throws {
        let time = ManualTime(Self.start.advanced(by: .seconds(100 * Self.day)))
        let renewal = renewal(time) { _ in throw RPCError(.permissionDenied, "nobody asks") }
        #expect(try await !renewal.renewIfDue())
        let key = try folder.makeKey()
        let id = SPIFFEID(trustDomain: "sonde", namespace: "default", service: "probe-agent")
        let certificate = try services.issue(id, for: key, lifetime: .seconds(60)).pem()
        try folder.exchange(certificate: String(decoding: certificate, as: UTF8.self), authorities: authorities)
        #expect(try await !renewal.renewIfDue())
    }

    private func renewal(
        _ time: ManualTime,
        _ answer: @escaping @Sendable (CertificateRenewal) throws -> RenewedCertificate
    ) -> IdentityRenewal {
        let log = Log(label: "test", sink: MemorySink())
        var router = RPCRouter(title: "orchestrator", authorizer: OpenDoor(), log: log)
        router.handle(.renewCertificate) { try answer($0) }
        return IdentityRenewal(
            folder,
            orchestrator: RPCClient(inProcess: router, as: .probeAgent),
            clock: ContinuousClock(),
            now: { time.now },
            log: log
        )
    }
}
