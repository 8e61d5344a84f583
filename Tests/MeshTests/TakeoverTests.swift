import Contracts
import Foundation
import TestServers
import Testing

@testable import CLIService

@Suite("A gateway that follows another on one SQLite file, with real processes", .timeLimit(.minutes(5)))
struct TakeoverTests {
    /// A second gateway beside the one of an installation.
    private struct Successor {
        let process: Child
        let port: UInt16
        private let admin: UInt16
        private let log: String

        init(_ installation: Installation, timeout: String) throws {
            let ports = try UpPlan.freePorts(3)
            let data = installation.folder.appending(path: "data")
            (port, admin) = (ports[0], ports[2])
            log = installation.folder.appending(path: "successor").path()
            process = try Child(
                Installation.program("gateway").path,
                [],
                environment: [
                    "GATEWAY_DATABASE": data.appending(path: "gateway/gateway.db").path(),
                    "GATEWAY_TAKEOVER_TIMEOUT": timeout,
                    "GATEWAY_PUBLIC_LISTEN": "127.0.0.1:\(port)", "GATEWAY_LISTEN": "127.0.0.1:\(ports[1])",
                    "GATEWAY_ADMIN_LISTEN": "127.0.0.1:\(admin)",
                    "GATEWAY_IDENTITY_DIR": data.appending(path: "pki/gateway").path(),
                    // Nobody else is there once the installation has stopped.
                    "ORCHESTRATOR_ENDPOINT": "127.0.0.1:1", "STORE_ENDPOINT": "127.0.0.1:1",
                    "ALERTING_ENDPOINT": "127.0.0.1:1", "PUSH_ENDPOINT": "127.0.0.1:1",
                ],
                output: log
            )
        }

        var text: String { (try? String(contentsOfFile: log, encoding: .utf8)) ?? "" }

        /// Asks for a path of its public port, and has as long as it takes.
        func visit(_ path: String) throws -> Child {
            try Child("/usr/bin/curl", ["--silent", "--fail", "--max-time", "120", "http://127.0.0.1:\(port)\(path)"])
        }

        func standsBy() async throws {
            try await eventually("the successor stands by") { text.contains("stands by") }
            let ready = try Child("/usr/bin/curl", ["--silent", "--fail", "http://127.0.0.1:\(admin)/readyz"])
            #expect(try await ready.end() == 0)
        }
    }

    @Test("refuses nobody: who comes while it stands by is answered once the other has gone")
    func takeover() async throws {
        let installation = try await Installation()
        defer { installation.remove() }
        let before = try await installation.signIn()
        let password = try #require(installation.password)
        let successor = try Successor(installation, timeout: "120s")
        defer { successor.process.stop() }
        try await successor.standsBy()
        let early = try successor.visit("/healthz")
        _ = try await before.call(.listTargets, TargetFilter())
        #expect(early.isRunning)

        #expect(try await installation.stop() == 0)
        #expect(try await early.end() == 0)
        let credentials = Credentials(email: "admin@localhost", password: password)
        _ = try await APIClient(signingInTo: "http://127.0.0.1:\(successor.port)", credentials)
        successor.process.send(SIGTERM)
        #expect(try await successor.process.end() == 0)
    }

    @Test("ends at once when it is asked to while it stands by")
    func asked() async throws {
        let installation = try await Installation()
        defer { installation.remove() }
        let successor = try Successor(installation, timeout: "120s")
        defer { successor.process.stop() }
        try await successor.standsBy()
        successor.process.send(SIGTERM)
        #expect(try await successor.process.end() == 0)
        _ = try await installation.signIn()
        #expect(try await installation.stop() == 0)
    }

    @Test("gives up when its time is over, and says what to do", arguments: ["0s", "200ms"])
    func patience(timeout: String) async throws {
        let installation = try await Installation()
        defer { installation.remove() }
        let successor = try Successor(installation, timeout: timeout)
        defer { successor.process.stop() }
        #expect(try await successor.process.end() == 73)
        #expect(successor.text.contains("another process has the database open; stop it first"))
        #expect(try await installation.stop() == 0)
    }
}
