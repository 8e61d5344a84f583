import Foundation
import TestServers
import Testing

@Suite("sonde cluster secrets")
struct ClusterCommandTests {
    private func run(_ server: KubernetesServer, _ arguments: String...) async throws -> SondeCommand {
        let environment = ["KUBERNETES_SERVICE_HOST": "127.0.0.1", "KUBERNETES_SERVICE_PORT": "\(server.port)"]
        return try await SondeCommand.run(
            ["cluster", "secrets", "--credentials", server.directory] + arguments,
            environment: environment
        )
    }

    @Test("says a line of each Secret, and changes nothing when all is there", .timeLimit(.minutes(5)))
    func lines() async throws {
        let server = try KubernetesServer()
        let first = try await run(server, "--name", "net", "--trust-domain", "net.example.org")
        #expect(first.code == 0, "\(first.complaint)")
        #expect(first.text.split(separator: "\n").count == 10)
        #expect(first.text.hasPrefix("net-authority: made; ends "))
        #expect(server.object("v1/secrets", "net-tls-push", namespace: "sonde") != nil)
        let second = try await run(server, "--name", "net")
        #expect(second.code == 0)
        #expect(second.text.split(separator: "\n").allSatisfy { $0.contains(": kept") })
        let json = try await run(server, "--name", "net", "--json")
        #expect(json.text.contains(#""action":"kept""#))
    }

    @Test("says which permission is missing", .timeLimit(.minutes(5)))
    func forbidden() async throws {
        let server = try KubernetesServer()
        server.deny("secrets")
        let sonde = try await run(server, "--name", "net", "--namespace", "team")
        #expect(sonde.code == 1)
        let advice = "has to be allowed to get, create and patch secrets in the namespace team"
        #expect(sonde.complaint.contains(advice))
    }

    @Test("refuses what names nothing, and says where it would run", .timeLimit(.minutes(5)))
    func usage() async throws {
        let server = try KubernetesServer()
        for arguments in [
            [], ["--name", "A b"], ["--name", "x", "--namespace", "enrolled-1"], ["--name", "x", "--lifetime", "1s"],
            ["--name", "x", "--trust-domain", "a/b"], ["--name", "x", "--admin-email", "nobody"],
        ] {
            let sonde = try await SondeCommand.run(
                ["cluster", "secrets", "--credentials", server.directory] + arguments,
                environment: ["KUBERNETES_SERVICE_HOST": "127.0.0.1", "KUBERNETES_SERVICE_PORT": "\(server.port)"]
            )
            #expect(sonde.code == 64, "\(arguments): \(sonde.complaint)")
        }
        let outside = try await SondeCommand.run(["cluster", "secrets", "--name", "x"], environment: [:])
        #expect(outside.code == 64)
        #expect(outside.complaint.contains("KUBERNETES_SERVICE_HOST is not set: this process runs in no pod"))
        #expect(server.requests.isEmpty)
    }
}
