import EventLoop
import Glibc
import Probing
import Simulation
import Testing

/// An event loop whose thread lives in a network namespace of its own.
///
/// Loopback is up, ping sockets are allowed, and nothing else can be reached. What is opened on the loop is opened
/// there. The thread, and with it the namespace, ends with the process.
final class NetworkLoop: Sendable {
    static let isPossible = geteuid() == 0

    let loop: EventLoop

    init() async throws {
        loop = try await NetworkNamespace.loop(named: "network")
    }

    /// Runs `body` on the loop with an engine that is closed afterwards.
    func withEngine<Result: Sendable>(
        _ kinds: [ICMPEngine.SocketKind] = [.ping],
        maximumInFlight: Int = 1_024,
        _ body: @Sendable (ICMPEngine) async throws -> Result
    ) async rethrows -> Result {
        try await withTaskExecutorPreference(loop) { [loop] in
            let engine = ICMPEngine(on: loop, kinds: kinds, maximumInFlight: maximumInFlight)
            defer { engine.close() }
            return try await body(engine)
        }
    }

    /// Sets a sysctl of the namespace.
    func set(_ path: String, to value: String) async throws {
        let failure: CInt = await withTaskExecutorPreference(loop) {
            guard let file = unsafe fopen("/proc/sys/\(path)", "w") else { return errno }
            let written = unsafe fputs(value, file)
            return unsafe fclose(file) == 0 && written >= 0 ? 0 : errno
        }
        guard failure == 0 else { throw SystemError(code: failure, message: path) }
    }
}

extension ICMPEngine {
    /// The kernel starts taking times a moment after the first socket has asked for them.
    func awaitKernelTimes() async {
        while (try? await echo(to: .loopback, timeout: .seconds(5)).get())?.timeSource != .kernel {
            await Task.yield()
        }
    }
}

/// Collects the results of echoes that were sent together.
final class EchoCollector: EchoHandler {
    private(set) var results: [Int: EchoResult] = [:]
    private var wanted = 0
    private var continuation: CheckedContinuation<Void, Never>?

    func wait(for count: Int) async {
        wanted = count
        guard results.count < count else { return }
        await withCheckedContinuation { continuation = $0 }
    }

    func echoFinished(tag: Int, _ result: EchoResult) {
        results[tag] = result
        guard results.count == wanted else { return }
        continuation?.resume()
        continuation = nil
    }
}
