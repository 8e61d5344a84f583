import EventLoop
import Foundation
import Simulation

/// A simulated network that carries real packets, and the command that runs in it.
struct SimulationRun: Sendable {
    let description: NetworkDescription
    /// Empty: none.
    let command: [String]
    /// When it is over at the latest.
    let duration: Duration?
    let truthPath: String?
    let isPrecise: Bool

    /// Builds the network, and returns what became of its packets when the command has ended, with its exit code: 0
    /// when the time is over first.
    func untilOver() async throws -> (code: CInt, truth: TruthSummary) {
        guard let vantage = description.nodes.first(where: { $0.role == .vantage }) else {
            throw CommandLineError(.usage, "the network has no vantage, where packets could come from")
        }
        let signals = try SignalWaiter([SIGINT, SIGTERM])
        let watchfulness: Duration = isPrecise ? .milliseconds(1) : .zero
        let loop = try await Self.permitted {
            try await NetworkNamespace.loop(named: "simulation", watchfulness: watchfulness)
        }
        defer { loop.stop() }
        return try await withTaskExecutorPreference(loop) {
            let truth = try TruthFile(truthPath)
            let network = SimulatedNetwork(description)
            network.record = { truth.add($0) }
            let carrier = try await Self.permitted { try TUNCarrier(network, from: vantage, on: loop) }
            do {
                let code = try await wait(for: signals, on: loop)
                carrier.close()
                try truth.close()
                return (code, truth.summary)
            } catch {
                carrier.close()
                throw error
            }
        }
    }

    private func wait(for signals: SignalWaiter, on loop: EventLoop) async throws -> CInt {
        let child = try start(on: loop)
        if child == nil {
            let thread = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/thread-self")
            Output.line("enter with: nsenter --net=/proc/\(thread)/ns/net")
        }
        return try await withThrowingTaskGroup(of: CInt.self) { group in
            if let child { group.addTask { await child.untilExit() } }
            group.addTask {
                _ = try await signals.wait(on: loop)
                return 0
            }
            if let duration {
                group.addTask {
                    try await LoopClock(loop).sleep(for: duration)
                    return 0
                }
            }
            let code = try await group.next() ?? 0
            group.cancelAll()
            child?.signal(SIGTERM)
            return code
        }
    }

    private func start(on loop: EventLoop) throws -> ChildProcess? {
        guard let name = command.first else { return nil }
        guard let program = Self.find(name) else { throw CommandLineError(.usage, "there is no program \(name)") }
        return try ChildProcess(
            program,
            arguments: Array(command.dropFirst()),
            environment: ProcessInfo.processInfo.environment,
            log: STDOUT_FILENO,
            on: loop
        )
    }

    private static func find(_ name: String) -> String? {
        let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
        let candidates = name.contains("/") ? [name] : path.split(separator: ":").map { "\($0)/\(name)" }
        return candidates.first { FileManager.default.isExecutableFile(atPath: $0) }
    }

    /// Says what is missing where the system permits too little.
    private static func permitted<Value>(_ make: () async throws -> Value) async throws -> Value {
        do {
            return try await make()
        } catch let error as SystemError where error.code == EPERM || error.code == EACCES {
            throw CommandLineError(
                .cannotCreate,
                "\(error); a simulated network with real packets takes root, or CAP_SYS_ADMIN and CAP_NET_ADMIN"
            )
        }
    }
}
