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
    /// The port on loopback, where TLS is spoken.
    private let port: UInt16?
    private let installation: PostgresInstallation
    private let settings: [String]
    private let process = Mutex<Child?>(nil)

    /// Makes a server and starts it; `settings` are such as `max_connections=10`.
    ///
    /// With `tls` it listens on loopback too, and has a certificate for `database.test`.
    public init(settings: [String] = [], tls: Bool = false) throws {
        installation = try PostgresInstallation.current.get()
        let number = Self.numbers.add(1, ordering: .relaxed).newValue
        directory = "\(installation.directory)/\(number)"
        port = tls ? try freePort() : nil
        try installation.run("/bin/cp", ["-a", installation.template, directory])
        if tls {
            let certificate =
                "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 1 -subj /CN=database.test -addext "
                + "subjectAltName=DNS:database.test -keyout \(directory)/server.key -out \(directory)/server.crt"
            try installation.run("/usr/bin/openssl", certificate.split(separator: " ").map(String.init), isQuiet: true)
        }
        self.settings =
            [
                "listen_addresses=\(tls ? "127.0.0.1" : "")", "ssl=\(tls ? "on" : "off")",
                "unix_socket_directories=\(directory)",
                "port=\(port ?? 5_432)", "fsync=off", "max_connections=800", "shared_buffers=16MB",
                "dynamic_shared_memory_type=mmap",
            ] + settings
        try start()
    }

    deinit {
        stop()
        try? FileManager.default.removeItem(atPath: directory)
    }

    /// The file of the certificate, which is its own authority.
    public var authorityFile: String { "\(directory)/server.crt" }

    /// The address of a database in this server, by the socket; the user is its superuser unless another is named.
    public func url(_ database: String = "postgres", user: String = "sonde") -> String {
        "postgres://\(user)@/\(database)?host=\(directory)"
    }

    /// The same by TCP and TLS, checked against the certificates in a file.
    public func tlsURL(_ database: String = "postgres", authorityFile: String) -> String {
        "postgres://sonde@database.test:\(port ?? 0)/\(database)?hostaddr=127.0.0.1&sslmode=verify-full"
            + "&sslrootcert=\(authorityFile)"
    }

    /// Makes an empty database and returns its name.
    public func makeDatabase() throws -> String {
        let name = "test_\(UUID().uuidString.prefix(8).lowercased())"
        try execute("CREATE DATABASE \(name) TEMPLATE template0")
        return name
    }

    /// An empty database, and a role that row-level security holds for.
    public func makeRestrictedURL() throws -> String {
        let name = try makeDatabase()
        try execute("CREATE ROLE \(name) LOGIN NOSUPERUSER NOBYPASSRLS")
        try execute("ALTER DATABASE \(name) OWNER TO \(name)")
        return url(name, user: name)
    }

    /// Runs one statement as the superuser.
    public func execute(_ statement: String, in database: String = "postgres") throws {
        let arguments = ["--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", "--dbname=\(url(database))"]
        try installation.run(
            "\(installation.programs)/psql",
            arguments + ["--output=/dev/null", "--command=\(statement)"]
        )
    }

    /// Makes a table space on a disk of its own; needs root.
    public func makeTablespace(_ name: String, bytes: Int) throws -> SmallDisk {
        let path = "\(directory)/\(name)"
        try installation.run("/bin/mkdir", [path])
        let disk = try SmallDisk(bytes: bytes, on: path)
        try installation.own("\(path)/data")
        try execute("CREATE TABLESPACE \(name) LOCATION '\(path)/data'")
        return disk
    }

    /// Moves the server's log onto a disk of its own; needs root.
    public func moveLog(bytes: Int) throws -> SmallDisk {
        stop()
        let (log, path) = ("\(directory)/pg_wal", "\(directory)/log-disk")
        let disk = try SmallDisk(bytes: bytes, on: path)
        try installation.own("\(path)/data")
        try installation.run("/bin/cp", ["-a", "\(log)/.", "\(path)/data"])
        try FileManager.default.removeItem(atPath: log)
        try FileManager.default.createSymbolicLink(atPath: log, withDestinationPath: "\(path)/data")
        try start()
        return disk
    }

    public func start() throws {
        // What is left of a server that was killed may keep the next one away for a moment.
        for _ in 0..<20 where try startOnce() {
            return
        }
        let log = (try? String(contentsOfFile: "\(directory)/log", encoding: .utf8)) ?? ""
        throw SystemError(code: ECONNREFUSED, message: "PostgreSQL does not start: \(log.suffix(1_000))")
    }

    /// Whether the server came up.
    private func startOnce() throws -> Bool {
        let arguments = ["-D", directory] + settings.flatMap { ["-c", $0] }
        let script = "log=$1; shift; exec \"$@\" >>\"$log\" 2>&1"
        let words = ["-c", script, "sh", "\(directory)/log", "\(installation.programs)/postgres"] + arguments
        let server = try installation.start("/bin/sh", words)
        process.withLock { $0 = server }
        // The eighth line of its file says that it is ready; a process that has ended is still there, without files.
        let wait = """
            tries=0
            until sed -n '1p;8p' "$1/postmaster.pid" 2>/dev/null | tr '\\n' ' ' | grep -q '^\(server.id) ready'; do
                [ -e /proc/\(server.id)/exe ] && [ $tries -lt 1000 ] || exit 1
                tries=$((tries + 1))
                sleep 0.02
            done
            """
        if (try? runProgram("/bin/sh", ["-c", wait, "sh", directory])) != nil { return true }
        stop()
        return false
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
        process.withLock { $0?.send(SIGQUIT) }
        reap()
    }

    /// Has all of its processes stand still, so that it accepts connections and answers nothing.
    public func suspend() { for id in processes { _ = Glibc.kill(id, SIGSTOP) } }

    public func resume() { for id in processes { _ = Glibc.kill(id, SIGCONT) } }

    private func reap() {
        process.withLock { server in
            server?.wait()
            server = nil
        }
    }

    /// The server and those it has started.
    private var processes: [pid_t] {
        guard let id = process.withLock({ $0?.id }) else { return [] }
        let children = try? String(contentsOfFile: "/proc/\(id)/task/\(id)/children", encoding: .utf8)
        return [id] + (children ?? "").split(separator: " ").compactMap { pid_t($0) }
    }
}
