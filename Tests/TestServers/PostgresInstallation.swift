import EventLoop
import Foundation
import Glibc

/// The newest PostgreSQL of this machine, and a directory for the servers of one run of the tests.
final class PostgresInstallation: Sendable {
    static let current = Result { try PostgresInstallation() }

    /// Ends what still runs and removes everything once its input ends.
    private static let script = """
        trap '' HUP INT TERM
        read -r line
        tries=0
        # What was being started or copied when the tests ended may come to light a little later.
        while [ -d "$1" ] && [ $tries -lt 200 ]; do
            running=no
            for file in "$1"/*/postmaster.pid; do
                [ -f "$file" ] || continue
                running=yes
                id=$(head -n 1 "$file")
                kill -CONT "$id" $(cat "/proc/$id/task/$id/children")
                kill -QUIT "$id" || rm -f "$file"
            done
            [ $running = yes ] || rm -rf "$1" || true
            tries=$((tries + 1))
            sleep 0.1
        done 2>/dev/null
        """

    let programs: String
    let directory: String
    /// An empty server's files, which each server gets a copy of.
    var template: String { "\(directory)/template" }
    /// The server refuses to run as root.
    private let account: String?
    private let caretaker: Caretaker

    private init() throws {
        let versions = "/usr/lib/postgresql"
        let newest = (try? FileManager.default.contentsOfDirectory(atPath: versions))?.compactMap(Int.init).max()
        guard let newest else {
            throw SystemError(code: ENOENT, message: "no PostgreSQL in \(versions); install the package postgresql")
        }
        programs = "\(versions)/\(newest)/bin"
        account = geteuid() != 0 ? nil : unsafe getpwnam("postgres") != nil ? "postgres" : "nobody"
        var name = Array("/tmp/sonde-postgres-XXXXXX".utf8CString)
        guard unsafe mkdtemp(&name) != nil else { throw SystemError(code: errno, message: "mkdtemp") }
        directory = String(decoding: name.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
        caretaker = try Caretaker(Self.script, [directory])
        try own(directory)
        try run(
            "\(programs)/initdb",
            [
                "--pgdata=\(template)", "--username=sonde", "--auth=trust", "--encoding=UTF8", "--locale=C",
                "--no-sync", "--wal-segsize=1",
            ],
            isQuiet: true
        )
    }

    /// Makes a directory of the user that servers run as, where there is none.
    func own(_ directory: String) throws {
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        if let account { try runProgram("/bin/chown", [account, directory]) }
    }

    /// Runs a program as the user that servers run as.
    func run(_ program: String, _ arguments: [String], isQuiet: Bool = false) throws {
        let (program, arguments) = words(program, arguments)
        guard isQuiet else { return try runProgram(program, arguments) }
        try runProgram("/bin/sh", ["-c", "exec \"$@\" >/dev/null 2>&1", "sh", program] + arguments)
    }

    func start(_ program: String, _ arguments: [String]) throws -> Child {
        let (program, arguments) = words(program, arguments)
        return try Child(program, arguments)
    }

    private func words(_ program: String, _ arguments: [String]) -> (String, [String]) {
        guard let account else { return (program, arguments) }
        let user = ["--reuid=\(account)", "--regid=\(account)", "--clear-groups", program]
        return ("/usr/bin/setpriv", user + arguments)
    }
}
