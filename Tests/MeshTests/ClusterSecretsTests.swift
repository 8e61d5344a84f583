import Foundation
import JSON
import ServiceTesting
import TLS
import TestServers
import Testing

@testable import CLIService

@Suite("The identities of a cluster", .timeLimit(.minutes(2)))
struct ClusterSecretsTests {
    private static let names =
        ["sonde-authority"] + ClusterSecrets.services.map { "sonde-tls-\($0)" } + ["sonde-enrolment", "sonde-admin"]

    @Test("are made where there are none, and are what services take")
    func made() async throws {
        let cluster = try SecretsCase()
        let reports = try await cluster.run()
        #expect(reports.map(\.secret) == Self.names)
        #expect(reports.allSatisfy { $0.action == .made })
        for service in ClusterSecrets.services {
            let directory = try TemporaryDirectory()
            try cluster.mount("sonde-tls-\(service)", in: directory.path)
            let identity = try TLSIdentity(directory: directory.path)
            #expect(identity.id.description == "spiffe://sonde/ns/team/sa/\(service)")
            let wantsAgents = service == "orchestrator" || service == "store"
            #expect(FileManager.default.fileExists(atPath: "\(directory.path)/agents.crt") == wantsAgents)
        }
        let admin = cluster.files("sonde-admin")
        #expect(admin["email"] == Array("me@example.org".utf8))
        #expect(admin["password"]?.count == 32)
        #expect(cluster.files("sonde-enrolment").keys.sorted() == ["agents.crt", "agents.key"])
        #expect(cluster.files("sonde-authority").keys.sorted() == ["agents.crt", "agents.key", "ca.crt", "ca.key"])
        let labels = cluster.server.object("v1/secrets", "sonde-admin", namespace: "team")?["metadata"]?["labels"]
        #expect(labels?["app.kubernetes.io/managed-by"] == "sonde")
    }

    @Test("come with passwords for a database where one is to be made, and these stay")
    func database() async throws {
        let cluster = try SecretsCase()
        #expect(try await cluster.run(hasDatabase: true).map(\.secret) == Self.names + ["sonde-database"])
        let passwords = cluster.files("sonde-database")
        #expect(passwords.keys.sorted() == ["admin", "alerting", "gateway", "orchestrator", "store"])
        #expect(Set(passwords.values).count == 5 && passwords.values.allSatisfy { $0.count == 32 })
        cluster.day = 300
        #expect(try await cluster.run(hasDatabase: true).last?.action == .kept)
        #expect(cluster.files("sonde-database") == passwords)
    }

    @Test("are left alone while they are good, and renewed with a third of their life left")
    func renewed() async throws {
        let cluster = try SecretsCase()
        _ = try await cluster.run()
        let writes = cluster.writes
        cluster.day = 19
        #expect(try await cluster.run().allSatisfy { $0.action == .kept })
        #expect(cluster.writes == writes)
        let before = Dictionary(uniqueKeysWithValues: Self.names.map { ($0, cluster.files($0)) })
        cluster.day = 21
        let reports = try await cluster.run()
        for report in reports {
            let isLeaf = report.secret.hasPrefix("sonde-tls-")
            #expect(report.action == (isLeaf ? .renewed : .kept))
            #expect((cluster.files(report.secret) != before[report.secret]) == isLeaf)
        }
        #expect(cluster.writes == writes + ClusterSecrets.services.count)
    }

    @Test("come with a new authority before the old one ends, and nobody is refused on any day")
    func rolled() async throws {
        let cluster = try SecretsCase()
        let first = try await cluster.authority()
        var past: [Int: SecretsCase.Peers] = [:]
        var signers: [[UInt8]] = [first]
        for day in [Array(2_425...2_450), Array(3_640...3_655)].joined() {
            cluster.day = day
            _ = try await cluster.run()
            let now = try cluster.peers()
            past[day] = now
            let signer = try await cluster.authority()
            if signer != signers.last { signers.append(signer) }
            // Who has not taken the new files yet, and who has.
            for other in [now, past[day - 1] ?? now] {
                try expectTrust(client: other.gateway, server: now.store, on: cluster)
                try expectTrust(client: now.gateway, server: other.store, on: cluster)
            }
            // Who was enrolled a week ago has what was good then.
            guard let enrolled = past[day - 7] else { continue }
            try expectTrust(client: enrolled.agent, server: now.store, on: cluster)
        }
        #expect(signers.count == 2)
        let trusted = try IdentityMaterial.certificates(pem: cluster.files("sonde-tls-push")["ca.crt"] ?? [])
        #expect(trusted.count == 1)
        #expect(cluster.files("sonde-authority")["ca-next.key"] == nil)
    }

    @Test("agree when several make them at once")
    func together() async throws {
        let cluster = try SecretsCase()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<4 { group.addTask { _ = try await cluster.run() } }
            try await group.waitForAll()
        }
        let peers = try cluster.peers()
        try expectTrust(client: peers.gateway, server: peers.store, on: cluster)
        try expectTrust(client: peers.agent, server: peers.store, on: cluster)
        #expect(try await cluster.run().allSatisfy { $0.action == .kept })
    }

    @Test("are looked at again when somebody else was first")
    func conflicts() async throws {
        let cluster = try SecretsCase()
        let conflict = KubernetesFault.status(409, reason: "Conflict", message: "the object has been modified")
        cluster.server.inject(.status(409, reason: "AlreadyExists", message: "exists"), into: "POST")
        #expect(try await cluster.run().allSatisfy { $0.action == .made })
        cluster.day = 25
        cluster.server.inject(conflict, into: "PATCH")
        #expect(try await cluster.run().filter { $0.action == .renewed }.count == ClusterSecrets.services.count)
        for _ in 0..<20 { cluster.server.inject(conflict, into: "PATCH") }
        cluster.day = 50
        await #expect(throws: CommandLineError.self) { try await cluster.run() }
    }

    @Test("are not written over those of others, nor over what cannot be read")
    func refuses() async throws {
        let cluster = try SecretsCase()
        try cluster.server.create("v1/secrets", "sonde-admin", namespace: "team", ["data": ["password": "eA=="]])
        #expect(try await cluster.run().last?.action == .kept)
        #expect(cluster.files("sonde-admin") == ["password": Array("x".utf8)])

        let other = try SecretsCase()
        try other.server.create("v1/secrets", "sonde-tls-push", namespace: "team", ["data": ["tls.crt": "eA=="]])
        let foreign = await #expect(throws: CommandLineError.self) { try await other.run() }
        #expect(foreign?.description.hasPrefix("Secret sonde-tls-push is there and not labelled") == true)
        #expect(other.writes == 0)

        let key: JSONValue = ["data": ["ca.key": "eA=="]]
        try cluster.server.patch("v1/secrets", "sonde-authority", namespace: "team", key)
        let broken = await #expect(throws: CommandLineError.self) { try await cluster.run() }
        #expect(broken?.code == .badData)
        #expect(broken?.description.contains("restore it from a backup, or delete it") == true)
    }

    @Test("are made anew where one was damaged, or the authority is another one")
    func repaired() async throws {
        let cluster = try SecretsCase()
        _ = try await cluster.run()
        let garbage: JSONValue = ["data": ["tls.key": "eA=="]]
        try cluster.server.patch("v1/secrets", "sonde-tls-push", namespace: "team", garbage)
        try cluster.server.patch("v1/secrets", "sonde-tls-store", namespace: "team", ["data": ["ca.crt": .null]])
        let reports = try await cluster.run()
        #expect(reports.first { $0.secret == "sonde-tls-push" }?.action == .renewed)
        #expect(reports.first { $0.secret == "sonde-tls-store" }?.action == .trustChanged)
        try cluster.server.delete("v1/secrets", "sonde-authority", namespace: "team")
        let anew = try await cluster.run()
        #expect(anew.filter { $0.action == .renewed }.count == ClusterSecrets.services.count + 1)
        let peers = try cluster.peers()
        try expectTrust(client: peers.gateway, server: peers.store, on: cluster)
    }

    @Test("keep the trust domain that they began with")
    func trustDomain() async throws {
        let cluster = try SecretsCase()
        _ = try await cluster.run()
        let error = await #expect(throws: CommandLineError.self) { try await cluster.run(trustDomain: "other") }
        #expect(error?.description.contains("is of the trust domain sonde") == true)
    }

    private func expectTrust(
        client: IdentityMaterial,
        server: IdentityMaterial,
        on cluster: SecretsCase,
        at location: SourceLocation = #_sourceLocation
    ) throws {
        let service = try server.id().service
        #expect(throws: Never.self, "day \(cluster.day)", sourceLocation: location) {
            try shakeHands(client, server, expecting: service, at: cluster.now)
        }
    }
}
