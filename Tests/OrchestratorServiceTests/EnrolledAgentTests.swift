import Contracts
import JSONRPC
import ServiceTesting
import TLS
import Testing

@Suite("Enrolled agents", .everyEngine)
struct EnrolledAgentTests {
    let test: EnrolmentCase

    init() throws { test = try EnrolmentCase() }

    @Test("go by the name of their enrolment alone, with its labels")
    func name() async throws {
        try await test.run { [test] client in
            let host = try await test.enrol("host7", labels: ["zone": "branch"], client)
            try await calling(as: host.identity) {
                for name in ["host8", "Host7", "host7 "] {
                    let error = try await failure { try await client.call(.registerAgent, .named(name)) }
                    #expect(error.code == .permissionDenied)
                }
                let own = AgentRegistration.named("host7", labels: ["zone": "core", "rack": "1"])
                _ = try await client.call(.registerAgent, own)
            }
            let agent = try #require(try await client.call(.listAgents, Empty()).agents.first)
            let reference = EnrolmentReference(id: host.enrolment)
            #expect(try await client.call(.identifyAgent, reference).agentID == agent.id)
            #expect(agent.labels == ["zone": "branch", "rack": "1"])
            // What is around a host outside is nobody's target by default.
            #expect(try await client.call(.listTargets, TargetFilter()).targets.isEmpty)
        }
    }

    @Test("speak for no other agent")
    func others() async throws {
        try await test.run { [test] client in
            let inside = AgentReference(id: try await client.call(.registerAgent, .named("node-1")).id)
            let host = try await test.enrol("host7", client)
            try await calling(as: host.identity) {
                let own = AgentReference(id: try await client.call(.registerAgent, .named("host7")).id)
                _ = try await client.call(.heartbeat, own)
                _ = try await client.follow(.followAssignments, AssignmentRequest(id: own.id))
                for error in [
                    try await failure { try await client.call(.heartbeat, inside) },
                    try await failure { try await client.follow(.followAssignments, AssignmentRequest(id: inside.id)) },
                ] {
                    #expect(error.code == .permissionDenied)
                }
                let nobody = AgentReference(id: .make())
                #expect(try await failure { try await client.call(.heartbeat, nobody) }.code == .notFound)
            }
            _ = try await client.call(.heartbeat, inside)
        }
    }

    @Test("renew their certificate for another key, and nobody else does")
    func renewal() async throws {
        try await test.run { [test] client in
            let host = try await test.enrol("host7", client)
            test.time.advance(by: .seconds(5 * 86_400))
            let key = try PrivateKey.p256()
            let renewal = CertificateRenewal(certificateRequest: try EnrolmentCase.request(key))
            let end = test.time.now.advanced(by: .seconds(7 * 86_400))
            try await calling(as: host.identity) {
                let renewed = try await client.call(.renewCertificate, renewal)
                let certificate = try Certificate(pem: Array(renewed.certificate.utf8))
                #expect(certificate.belongs(to: key))
                #expect(try certificate.spiffeID().description == host.identity)
                #expect(certificate.notAfter == end.microseconds / 1_000_000)
                #expect(Array(renewed.authorities.utf8) == (try test.services.certificate.pem()))
                let broken = CertificateRenewal(certificateRequest: "x")
                #expect(try await failure { try await client.call(.renewCertificate, broken) }.code == .invalidParams)
            }
            let listed = try await client.call(.listEnrolments, Empty()).enrolments
            #expect(listed.map(\.certificateEndsAt) == [end])
            for identity in [
                "spiffe://sonde/ns/default/sa/probe-agent",
                "spiffe://sonde/ns/enrolled-\(EnrolmentID.make())/sa/probe-agent",
                "spiffe://sonde/ns/enrolled-x/sa/probe-agent",
            ] {
                try await calling(as: identity) {
                    let error = try await failure { try await client.call(.renewCertificate, renewal) }
                    #expect(error.code == .permissionDenied)
                }
            }
        }
    }

    @Test("get nothing more once their enrolment is deleted, and their stream ends")
    func revoked() async throws {
        try await test.run { [test] client in
            let inside = AgentReference(id: try await client.call(.registerAgent, .named("node-1")).id)
            let insideStream = try await client.follow(.followAssignments, AssignmentRequest(id: inside.id))
            let (host, other) = (try await test.enrol("host7", client), try await test.enrol("host8", client))
            let key = try PrivateKey.p256()
            let renewal = CertificateRenewal(certificateRequest: try EnrolmentCase.request(key))
            try await calling(as: host.identity) {
                let own = AgentReference(id: try await client.call(.registerAgent, .named("host7")).id)
                let stream = try await client.follow(.followAssignments, AssignmentRequest(id: own.id))
                try await acting(as: .editor) {
                    _ = try await client.call(.deleteEnrolment, EnrolmentReference(id: host.enrolment))
                }
                let end = try await failure {
                    while try await stream.next() != nil {}
                }
                #expect(end.code == .permissionDenied)
                for error in [
                    try await failure { try await client.call(.registerAgent, .named("host7")) },
                    try await failure { try await client.call(.heartbeat, own) },
                    try await failure { try await client.follow(.followAssignments, AssignmentRequest(id: own.id)) },
                    try await failure { try await client.call(.renewCertificate, renewal) },
                ] {
                    #expect(error.code == .permissionDenied)
                }
            }
            let deleted = EnrolmentReference(id: host.enrolment)
            #expect(try await client.call(.identifyAgent, deleted).agentID == nil)
            // Everyone else goes on.
            try await calling(as: other.identity) {
                _ = try await client.call(.registerAgent, .named("host8"))
            }
            #expect(try await insideStream.next() != nil)
            _ = try await client.call(.heartbeat, inside)
            #expect(try await client.call(.listEnrolments, Empty()).enrolments.map(\.id) == [other.enrolment])
        }
    }
}
