import Contracts
import Foundation
import TestServers
import Testing

@testable import CLIService

/// A whole installation: `sonde up` with its six processes, in a folder of its own.
final class Installation: Sendable {
    let folder: URL
    let port: UInt16
    private let process: Child
    private let output: URL

    /// Returns when everything is up; `settings` are of its configuration file.
    init(_ settings: [String: String] = [:]) async throws {
        folder = FileManager.default.temporaryDirectory.appending(path: "sonde-\(UUID())")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        port = try Self.freePort()
        output = folder.appending(path: "output")
        let file = folder.appending(path: "settings")
        try Data(settings.map { "\($0)=\($1)\n" }.sorted().joined().utf8).write(to: file)
        process = try Child(
            Self.program("sonde").path,
            ["up", "--data", folder.appending(path: "data").path(), "--port", "\(port)", "--config", file.path()],
            output: output.path
        )
        try await eventually("sonde up is ready") {
            try #require(self.process.isRunning, "sonde up has ended: \(self.text)")
            return self.text.contains("(it is shown this once)")
        }
    }

    static func program(_ name: String) -> URL {
        URL(filePath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent().appending(path: name)
    }

    var text: String { (try? String(contentsOf: output, encoding: .utf8)) ?? "" }

    /// The administrator's, as it was shown.
    var password: String? {
        let line = text.split(separator: "\n").first { $0.contains("with the password ") }
        return line?.split(separator: " ").last.map(String.init)
    }

    /// A client of the administrator.
    func signIn() async throws -> APIClient {
        let password = try #require(password)
        let credentials = Credentials(email: "admin@localhost", password: password)
        return try await APIClient(signingInTo: "http://127.0.0.1:\(port)", credentials)
    }

    /// Runs `sonde` with the administrator's session, which `sonde login` makes.
    func sonde(_ arguments: [String]) async throws -> SondeCommand {
        try await SondeCommand.run(arguments, environment: environment)
    }

    /// What a command needs to find this installation.
    var environment: [String: String] {
        get throws {
            ["SONDE_SESSION": folder.appending(path: "session").path, "SONDE_PASSWORD": try #require(password)]
        }
    }

    /// Signs in the commands that follow.
    func login() async throws {
        let login = try await sonde(["login", "--url", "http://127.0.0.1:\(port)"])
        try #require(login.code == 0, "\(login.complaint)")
    }

    /// The process of a service, as it is now.
    func process(of service: String) -> pid_t? {
        let parent = process.id
        let tasks = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(parent)/task")) ?? []
        let children = tasks.flatMap { task in
            ((try? String(contentsOfFile: "/proc/\(parent)/task/\(task)/children", encoding: .utf8)) ?? "")
                .split(separator: " ").compactMap { pid_t($0) }
        }
        return children.first { child in
            let program = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(child)/exe")
            return program?.hasSuffix("/\(service)") == true
        }
    }

    /// Stops everything in order; returns the exit code.
    func stop() async throws -> Int {
        process.send(SIGTERM)
        return try await process.end()
    }

    func remove() {
        process.stop()
        try? FileManager.default.removeItem(at: folder)
    }

    private static func freePort() throws -> UInt16 {
        // Not one that the services of another installation may choose before the gateway takes it.
        try UpPlan.freePorts(1, in: 10_000...19_999)[0]
    }
}

/// Waits for an effect, for as long as a busy machine may need.
func eventually(_ what: String, _ condition: @Sendable () async throws -> Bool) async throws {
    let deadline = ContinuousClock.now.advanced(by: .seconds(120))
    while try await !condition() {
        try #require(ContinuousClock.now < deadline, "\(what): not within two minutes")
        try await ContinuousClock().sleep(for: .milliseconds(50))
    }
}
