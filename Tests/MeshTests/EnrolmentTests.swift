import Contracts
import Foundation
import JSONRPC
import TLS
import TestServers
import Testing

@testable import CLIService

@Suite("Enrolment in the mesh", .serialized)
struct EnrolmentTests {
    /// What a program printed, and how it ended.
    private struct Outcome {
        var code: Int
        var text: String
        var complaint: String
    }

    private static func enrol(_ installation: Installation, _ token: String, _ name: String) async throws -> Outcome {
        let files = ["out", "err"].map { installation.folder.appending(path: "\(name)-\(UUID()).\($0)").path() }
        let identity = installation.folder.appending(path: "\(name)/identity").path()
        let program = try Child(
            Installation.program("probe-agent").path(),
            ["enrol", "--url", "http://127.0.0.1:\(installation.port)", "--token", token, "--identity", identity],
            output: files[0],
            errors: files[1]
        )
        let code = try await program.end()
        let texts = try files.map { try String(contentsOfFile: $0, encoding: .utf8) }
        return Outcome(code: code, text: texts[0], complaint: texts[1])
    }

    /// Starts a probe agent with the settings that `enrol` printed.
    private static func start(_ settings: String, _ installation: Installation, _ name: String) throws -> Child {
        let folder = installation.folder.appending(path: name)
        let pairs = settings.split(separator: "\n").map { $0.split(separator: "=", maxSplits: 1).map(String.init) }
        var environment = Dictionary(uniqueKeysWithValues: pairs.map { ($0[0], $0[1]) })
        environment["PROBE_AGENT_DATA"] = folder.appending(path: "data").path()
        environment["PROBE_AGENT_ADMIN_LISTEN"] = "127.0.0.1:0"
        environment["PROBE_AGENT_ALLOWED_NETWORKS"] = "loopback,private,global"
        return try Child(
            Installation.program("probe-agent").path(),
            [],
            environment: environment,
            output: folder.appending(path: "log").path()
        )
    }

    /// Puts a certificate for the same key in the place of what a host got, as of four days ago; returns its end.
    private static func age(_ identity: URL, _ installation: Installation) throws -> Int64 {
        let authority = installation.folder.appending(path: "data/pki/agents")
        func bytes(_ file: URL) throws -> [UInt8] { [UInt8](try Data(contentsOf: file)) }
        let agents = try CertificateAuthority(
            certificate: Certificate(pem: bytes(authority.appending(path: "agents.crt"))),
            key: PrivateKey(pem: bytes(authority.appending(path: "agents.key")))
        )
        let file = identity.appending(path: "tls.crt")
        let old = try agents.issue(
            uris: [Certificate(pem: bytes(file)).spiffeID().description],
            for: PrivateKey(pem: bytes(identity.appending(path: "tls.key"))),
            lifetime: .seconds(7 * 86_400),
            startingIn: .seconds(-4 * 86_400)
        )
        try Data(old.pem()).write(to: file)
        return old.notAfter
    }

    @Test("makes a host an agent that measures, by a token that is good once, until it is taken back")
    func life() async throws {
        let installation = try await Installation()
        defer { installation.remove() }
        let admin = try await installation.signIn()
        let made = try await admin.call(.createEnrolment, EnrolmentRequest(name: "host7", labels: ["zone": "branch"]))
        let wrong = try await Self.enrol(installation, "enrol_" + String(repeating: "A", count: 43), "wrong")
        #expect(wrong.code == 77)
        let first = try await Self.enrol(installation, made.token, "host7")
        #expect(first.code == 0, "\(first.complaint)")
        let second = try await Self.enrol(installation, made.token, "thief")
        #expect(second.code == 77)
        #expect(second.complaint == wrong.complaint)
        #expect(!FileManager.default.fileExists(atPath: installation.folder.path() + "/thief/identity/tls.crt"))

        let identity = installation.folder.appending(path: "host7/identity")
        let end = try Self.age(identity, installation)
        let process = try Self.start(first.text, installation, "host7")
        defer { process.stop() }
        @Sendable func host() async throws -> Agent? {
            try await admin.call(.listAgents, Empty()).agents.first { $0.name == "host7" }
        }
        try await eventually("the host is an agent") { try await host()?.state == .online }
        let agent = try #require(try await host())
        #expect(agent.labels["zone"] == "branch")
        let tcp = NewTargetCheck(type: .tcp, intervalMilliseconds: 200, timeoutMilliseconds: 150)
        let new = NewTarget(address: "127.0.0.1:\(installation.port)", name: "the page", checks: [tcp])
        let target = try await admin.call(.createTarget, new)
        let log = installation.folder.appending(path: "host7/log")
        try await eventually("it has its certificate renewed, and uses it") {
            try String(contentsOf: log, encoding: .utf8).contains("took over new certificates")
        }
        let material = try IdentityMaterial(directory: identity.path())
        #expect(material.chain.first.map { $0.notAfter > end } == true)
        let renewedAt = Timestamp.now
        try await eventually("it measures") {
            let filter = MeasurementFilter(targetID: target.id, limit: 1_000)
            return try await admin.call(.listMeasurements, filter).measurements.contains {
                $0.agentID == agent.id && $0.timestamp > renewedAt
            }
        }

        _ = try await admin.call(.deleteEnrolment, EnrolmentReference(id: made.enrolment.id))
        try await eventually("it is refused") {
            try String(contentsOf: log, encoding: .utf8).contains("is deleted; enrol the host again")
        }
        try await eventually("it counts as gone") { try await host()?.state == .offline }
        let again = try await Self.enrol(installation, made.token, "host7")
        #expect(again.code == 77)
        process.send(SIGTERM)
        #expect(try await process.end() == 0)
        // Nobody wrote the token down.
        for service in ["orchestrator", "gateway"] {
            let text = try String(
                contentsOf: installation.folder.appending(path: "data/log/\(service).log"),
                encoding: .utf8
            )
            #expect(!text.contains(made.token))
        }
        #expect(try await installation.stop() == 0)
    }

    @Test("leaves a host alone that nobody can enrol, and says why")
    func failures() async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "sonde-\(UUID())")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let file = folder.appending(path: "file").path()
        try Data().write(to: URL(filePath: file))
        let port = try UpPlan.freePorts(1)[0]
        let token = ["--token", "enrol_secret"]
        let nowhere = ["enrol", "--url", "http://127.0.0.1:\(port)"] + token
        for (arguments, code) in [
            (["enrol"], 64), (["enroll"], 64), (["enrol", "--url", "http://example.org"] + token, 64),
            (nowhere + ["--identity", folder.appending(path: "a").path()], 69),
            (nowhere + ["--identity", file], 73), (nowhere + ["--identity", "/proc/identity"], 73),
        ] {
            let errors = folder.appending(path: "errors").path()
            let program = try Child(
                Installation.program("probe-agent").path(),
                arguments,
                environment: [:],
                output: "/dev/null",
                errors: errors
            )
            #expect(try await program.end() == code, "\(arguments)")
            let text = try String(contentsOfFile: errors, encoding: .utf8)
            #expect(text.hasPrefix("probe-agent: ") && text.count { $0 == "\n" } == 1, "\(text)")
            #expect(!text.contains("enrol_secret"))
        }
    }
}
