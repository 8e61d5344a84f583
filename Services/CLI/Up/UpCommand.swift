import Configuration
import EventLoop
import Foundation
import JSONRPC

extension Command {
    static let up = Command(
        name: "up",
        synopsis: "[--data DIR] [--port N] [--config FILE]",
        summary: "run everything on this machine, until Ctrl-C",
        details: """
            Starts all six services on loopback with SQLite and a certificate authority of their own below DIR
            (SONDE_DATA, or ./data), and the page on port N (SONDE_PORT, or 8080). A second start keeps all data.
            FILE holds settings as KEY=value lines, which are handed to the services; their logs are in DIR/log.
            """,
        options: ["data", "port", "config"],
        run: { arguments in
            _ = try arguments.words()
            let plan = try UpPlan(arguments, Environment.process)
            let signals = try SignalWaiter([SIGTERM, SIGINT])
            let loop = try EventLoop(name: "up")
            try loop.start()
            let lock = try plan.takeData()
            let (pki, isNew) = try LocalPKI.open(plan.data.appending(path: "pki"), trustDomain: "sonde")
            Output.line("sonde: data in \(plan.data.path())\(isNew ? ", which is new" : "")")
            try await Supervisor(plan, pki, on: loop).run(until: signals) {
                try plan.sayReady()
            }
            Output.line("stopped")
            withExtendedLifetime(lock) {}
        }
    )
}

extension UpPlan {
    /// Reads the command line, the environment and the file; binds and makes nothing.
    init(_ arguments: Arguments, _ environment: Environment) throws {
        do {
            let file = try arguments["config"].map { try Environment(file: $0) } ?? Environment()
            try Self.checkKeys(of: file)
            let settings = environment.merging(file)
            data =
                URL(filePath: arguments["data"] ?? settings.string("SONDE_DATA", default: "data"))
                .standardizedFileURL
            port = try UInt16(
                arguments.integer("port", in: 1...65_535) ?? Int(settings.port("SONDE_PORT", default: 8080))
            )
            extra = file.values.filter { !$0.key.hasPrefix("SONDE_") }
        } catch let error as ConfigurationError {
            throw CommandLineError(.usage, error.message)
        }
        programs = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
        for peer in Self.order {
            let program = programs.appending(path: peer.rawValue).path()
            guard FileManager.default.isExecutableFile(atPath: program) else {
                throw CommandLineError(.cannotCreate, "\(program) is missing; build all products first")
            }
        }
    }

    /// A key that no service reads is most likely misspelt.
    private static func checkKeys(of file: Environment) throws(ConfigurationError) {
        let services = order.map { $0.rawValue.uppercased().replacing("-", with: "_") }
        let prefixes = (services + ["SONDE"]).map { $0 + "_" }
        let strange = file.values.keys.sorted().filter { key in !prefixes.contains(where: key.hasPrefix) }
        for key in strange where key != "DATABASE_URL" {
            throw ConfigurationError(
                "\(key) is no setting of Sonde: keys begin with \(prefixes.joined(separator: ", ")) or are DATABASE_URL"
            )
        }
    }

    func logFile(of service: ServicePlan) -> URL {
        data.appending(path: "log/\(service.peer.rawValue).log")
    }

    /// Makes the data folder, takes hold of it, and checks that the port is free.
    ///
    /// The lock lasts as long as the result.
    func takeData() throws -> DataLock {
        do {
            try FileManager.default.createDirectory(
                at: data.appending(path: "log"),
                withIntermediateDirectories: true,
                attributes: [.posixPermissions: 0o700]
            )
        } catch {
            throw CommandLineError(.cannotCreate, "\(data.path()): the data folder cannot be made or written")
        }
        let lock = try DataLock(data.appending(path: "lock").path())
        do {
            _ = try TCPSocket.listen(on: SocketAddress(.loopback, port: port), sharingPort: false).number
        } catch {
            throw CommandLineError(
                .cannotCreate,
                "port \(port) cannot be used: \(error.reason); choose one with --port"
            )
        }
        try rotateLogs()
        return lock
    }

    /// Keeps the logs of this start and of the one before.
    private func rotateLogs() throws {
        for peer in Self.order {
            let file = data.appending(path: "log/\(peer.rawValue).log").path()
            _ = unsafe rename(file, "\(file).old")
        }
    }

    func sayReady() throws {
        Output.line("ready http://localhost:\(port)")
        let file = data.appending(path: "gateway/admin-password")
        guard let password = try? String(contentsOf: file, encoding: .utf8) else { return }
        let email = extra["GATEWAY_ADMIN_EMAIL"] ?? "admin@localhost"
        Output.line("sign in as \(email) with the password \(password.trimmingCharacters(in: .newlines))")
        Output.line("  (it is shown this once)")
        try FileManager.default.removeItem(at: file)
    }
}

/// Holds a data folder against a second `sonde up`.
final class DataLock: Sendable {
    private let descriptor: FileDescriptor

    init(_ path: String) throws {
        let number = unsafe open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard number >= 0 else { throw CommandLineError(.cannotCreate, "\(path) cannot be written") }
        descriptor = FileDescriptor(number)
        guard flock(number, LOCK_EX | LOCK_NB) == 0 else {
            throw CommandLineError(.cannotCreate, "another sonde up uses this data folder (\(path) is locked)")
        }
    }
}
