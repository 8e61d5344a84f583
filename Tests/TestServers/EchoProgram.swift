import EventLoop
import Glibc

/// socat, which sends back what it gets over TCP.
public final class EchoProgram: Sendable {
    private static let patienceSeconds = 120

    public let port: UInt16
    private let program: Child

    public init() async throws {
        port = try freePort()
        // Its own patience with what is under way when one side has said all is half a second.
        let patience = ["-t", "\(Self.patienceSeconds)"]
        let echo = ["TCP-LISTEN:\(port),bind=127.0.0.1,reuseaddr,fork", "EXEC:cat"]
        program = try Child("/usr/bin/socat", patience + echo)
        try await awaitListener(on: port)
    }

    public func stop() {
        program.stop()
    }

    /// Sends so many random bytes to a port of loopback, and throws unless the same come back.
    public static func roundTrip(of bytes: Int, by port: UInt16) throws {
        let script = """
            set -e -o pipefail; file=$(mktemp); trap 'rm "$file"' EXIT
            head --bytes \(bytes) /dev/urandom >"$file"
            socat -t \(patienceSeconds) - TCP:127.0.0.1:\(port) <"$file" | cmp - "$file"
            """
        try runProgram("/bin/bash", ["-c", script])
    }
}
