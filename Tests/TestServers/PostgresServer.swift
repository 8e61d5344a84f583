import EventLoop
import Foundation
import Glibc
import Synchronization

/// A PostgreSQL server of a test's own, or the one that all tests share which do it no harm.
///
/// It is reached through a socket in its directory, and through TCP on a free port when asked for that. Whatever becomes
/// of the tests, it ends with their process, and its directory goes too.
public final class PostgresServer: Sendable {
    /// The one server of this run; throws when PostgreSQL is not installed.
    public static func shared() throws -> PostgresServer { try sharedResult.get() }

    private static let sharedResult = Result { try PostgresServer() }
    private static let numbers = Atomic(0)

    public let directory: String
    /// The port on loopback; `nil` when only the socket is listened on.
    public let port: UInt16?
    private let installation: PostgresInstallation
    private let settings: [String]
    private let process = Mutex(pid_t(0))

    /// Makes a server and starts it; `settings` are such as `max_connections=10`, and `tls` files such as `server.key`
    /// that are put into its directory with these texts.
    public init(tcp: Bool = false, settings: [String] = [], files: [String: String] = [:]) throws {
        installation = try PostgresInstallation.current.get()
        let number = Self.numbers.add(1, ordering: .relaxed).newValue
        directory = "\(installation.directory)/\(number)"
        port = tcp ? try freePort() : nil
        try installation.run("/bin/cp", ["-a", installation.template, directory])
        for (name, text) in files {
            let path = "\(directory)/\(name)"
            try text.write(toFile: path, atomically: false, encoding: .utf8)
            try installation.makePrivate(path)
        }
        self.settings =
            [
                "listen_addresses=\(tcp ? "127.0.0.1" : "")", "unix_socket_directories=\(directory)",
                "port=\(port ?? 5_432)", "fsync=off", "max_connections=300", "shared_buffers=16MB",
                "dynamic_shared_memory_type=mmap",
            ] + settings
        try start()
    }

    deinit {
        stop()
        try? FileManager.default.removeItem(atPath: directory)
    }

    /// The address of a database in this server.
    public func url(_ database: String = "postgres", tcp: Bool = false) -> String {
        tcp ? "postgres://sonde@127.0.0.1:\(port ?? 0)/\(database)" : "postgres://sonde@/\(database)?host=\(directory)"
    }

    /// Makes an empty database and returns its name.
    public func makeDatabase() throws -> String {
        let name = "test_\(UUID().uuidString.prefix(8).lowercased())"
        try execute("CREATE DATABASE \(name) TEMPLATE template0")
        return name
    }

    /// Runs one statement as the superuser.
    public func execute(_ statement: String, in database: String = "postgres") throws {
        let arguments = ["--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", "--dbname=\(url(database))"]
        try installation.run(
            "\(installation.programs)/psql",
            arguments + ["--output=/dev/null", "--command=\(statement)"]
        )
    }

    public func start() throws {
        let arguments = ["-D", directory] + settings.flatMap { ["-c", $0] }
        let script = "log=$1; shift; exec \"$@\" >>\"$log\" 2>&1"
        let words = ["-c", script, "sh", "\(directory)/log", "\(installation.programs)/postgres"] + arguments
        let id = try installation.start("/bin/sh", words)
        process.withLock { $0 = id }
        let deadline = ContinuousClock.now + .seconds(20)
        while !isReady(id) {
            guard ContinuousClock.now < deadline, Glibc.kill(id, 0) == 0 else {
                let log = (try? String(contentsOfFile: "\(directory)/log", encoding: .utf8)) ?? ""
                throw SystemError(code: ECONNREFUSED, message: "PostgreSQL does not start: \(log.suffix(1_000))")
            }
            sched_yield()
        }
    }

    /// The eighth line of its file says so.
    private func isReady(_ id: pid_t) -> Bool {
        guard let text = try? String(contentsOfFile: "\(directory)/postmaster.pid", encoding: .utf8) else {
            return false
        }
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        return lines.count > 7 && lines[0] == "\(id)" && lines[7].hasPrefix("ready")
    }

    /// Ends it without notice to anyone, as a crash of the machine would.
    public func kill() {
        let ids = processes
        for id in ids { _ = Glibc.kill(id, SIGKILL) }
        reap()
    }

    /// Ends it and drops its connections.
    public func stop() {
        resume()
        process.withLock { id in if id > 0 { _ = Glibc.kill(id, SIGQUIT) } }
        reap()
    }

    /// Has all of its processes stand still, so that it accepts connections and answers nothing.
    public func suspend() { for id in processes { _ = Glibc.kill(id, SIGSTOP) } }

    public func resume() { for id in processes { _ = Glibc.kill(id, SIGCONT) } }

    private func reap() {
        process.withLock { id in
            if id > 0 { _ = waitpid(id, nil, 0) }
            id = 0
        }
    }

    /// The server and those it has started.
    private var processes: [pid_t] {
        let id = process.withLock { $0 }
        guard id > 0 else { return [] }
        let children = try? String(contentsOfFile: "/proc/\(id)/task/\(id)/children", encoding: .utf8)
        return [id] + (children ?? "").split(separator: " ").compactMap { pid_t($0) }
    }
}
