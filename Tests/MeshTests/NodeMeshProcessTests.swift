import Contracts
import Foundation
import TestServers
import Testing

@testable import CLIService

@Suite("The node mesh with real agents", .serialized)
struct NodeMeshProcessTests {
    /// What the agent of an installation was started with.
    private static func environment(of installation: Installation) throws -> [String: String] {
        let process = try #require(installation.process(of: "probe-agent"))
        let text = try String(contentsOfFile: "/proc/\(process)/environ", encoding: .utf8)
        let pairs = text.split(separator: "\0").map { $0.split(separator: "=", maxSplits: 1).map(String.init) }
        return Dictionary(pairs.map { ($0[0], $0.count > 1 ? $0[1] : "") }) { first, _ in first }
    }

    /// Starts a second agent beside that of an installation.
    private static func startAgent(_ name: String, port: UInt16, _ installation: Installation) throws -> Child {
        var environment = try environment(of: installation)
        environment["PROBE_AGENT_NAME"] = name
        environment["PROBE_AGENT_REFLECTOR"] = "127.0.0.1:\(port)"
        environment["PROBE_AGENT_ADMIN_LISTEN"] = "127.0.0.1:\(port)"
        environment["PROBE_AGENT_DATA"] = installation.folder.appending(path: name).path()
        return try Child(
            Installation.program("probe-agent").path(),
            [],
            environment: environment,
            output: installation.folder.appending(path: "\(name).log").path()
        )
    }

    @Test("measures each agent from the other, by STAMP and TCP")
    func measures() async throws {
        let ports = try UpPlan.freePorts(2)
        let installation = try await Installation([
            "ORCHESTRATOR_MESH": "true", "ORCHESTRATOR_MESH_INTERVAL": "500ms", "PROBE_AGENT_NAME": "one",
            "PROBE_AGENT_ADDRESS": "127.0.0.1", "PROBE_AGENT_REFLECTOR": "127.0.0.1:\(ports[0])",
        ])
        defer { installation.remove() }
        let admin = try await installation.signIn()
        let two = try Self.startAgent("two", port: ports[1], installation)
        defer { two.stop() }
        for (prober, probed) in [("one", "two"), ("two", "one")] {
            for type in ["stamp", "tcp"] {
                try await eventually("\(prober) measures \(probed) by \(type)") {
                    let targets = try await admin.call(.listTargets, TargetFilter()).targets
                    guard let target = targets.first(where: { $0.name == probed && $0.keeper == .mesh }) else {
                        return false
                    }
                    let filter = MeasurementFilter(targetID: target.id, limit: 1_000)
                    let rows = try await admin.call(.listMeasurements, filter).measurements
                    // Nobody probes itself.
                    #expect(!rows.contains { $0.origin == probed })
                    return rows.contains { $0.origin == prober && $0.type == type && $0.status == "success" }
                }
            }
        }
        // Programs are told whose the targets are.
        try await installation.login()
        let list = try await installation.sonde(["target", "list", "--json"])
        #expect(list.text.contains(#""managed_by":"mesh""#))
        two.send(SIGTERM)
        #expect(try await two.end() == 0)
        #expect(try await installation.stop() == 0)
    }
}
