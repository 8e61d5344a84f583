import EventLoop
import Foundation
import Simulation
import TLS

/// A simulated network that carries real packets, and the command that runs in it.
struct SimulationRun: Sendable {
    let description: NetworkDescription
    /// Empty: none.
    let command: [String]
    /// When it is over at the latest.
    let duration: Duration?
    let truthPath: String?
    /// A port of loopback within that is to be reached from outside.
    let publishedPort: UInt16?
    /// Where to write the certificate of who vouches for the network's hosts.
    let authorityPath: String?
    let isPrecise: Bool

    private static let gracePeriod = Duration.seconds(2)

    /// Builds the network, and returns what became of its packets when the command has ended, with its exit code: 0
    /// when the time is over first.
    func untilOver() async throws -> (code: CInt, truth: TruthSummary) {
        let vantages = description.nodes.filter { $0.role == .vantage }
        guard let vantage = vantages.first else {
            throw CommandLineError(.usage, "the network has no vantage, where packets could come from")
        }
        guard vantages.count == 1 else {
            throw CommandLineError(.usage, "real packets come from one vantage, and the network has \(vantages.count)")
        }
        let program = try command.first.map(Self.find)
        let signals = try SignalWaiter([SIGINT, SIGTERM])
        let authority = try writtenAuthority()
        let listener = try publishedPort.map { PublishedListener(try Self.listen(on: $0)) }
        let watchfulness: Duration = isPrecise ? .milliseconds(1) : .zero
        let loop = try await Self.permitted {
            try await NetworkNamespace.loop(named: "simulation", watchfulness: watchfulness)
        }
        defer { loop.stop() }
        return try await withTaskExecutorPreference(loop) {
            let truth = try TruthFile(truthPath)
            let network = SimulatedNetwork(description, authority: authority)
            network.record = { truth.add($0) }
            let carrier = try await Self.permitted { try TUNCarrier(network, from: vantage, on: loop) }
            let code: CInt
            do {
                let port = try publishedPort.flatMap { try listener?.publish($0, on: loop) }
                // What is still under way is recorded before the truth is closed.
                defer {
                    port?.close()
                    carrier.close()
                }
                code = try await wait(for: program, signals, on: loop)
            }
            try truth.close()
            return (code, truth.summary)
        }
    }

    private static func listen(on port: UInt16) throws(CommandLineError) -> FileDescriptor {
        do {
            return try TCPSocket.listen(on: SocketAddress(.loopback, port: port), sharingPort: false)
        } catch {
            throw CommandLineError(.cannotCreate, "port \(port) cannot be used: \(error.reason)")
        }
    }

    private func writtenAuthority() throws -> SimulatedAuthority {
        let authority = try SimulatedAuthority(for: description)
        if let authorityPath {
            let pem = Data(try authority.certificate.pem())
            guard FileManager.default.createFile(atPath: authorityPath, contents: pem) else {
                throw CommandLineError(.cannotCreate, "\(authorityPath) cannot be written")
            }
        }
        return authority
    }

    private func wait(for program: String?, _ signals: SignalWaiter, on loop: EventLoop) async throws -> CInt {
        let child = try program.map { try start($0, on: loop) }
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
            if let child { try await end(child, on: loop) }
            group.cancelAll()
            return code
        }
    }

    /// Ends the command and all that it has started: with a request first, and without one after a while.
    private func end(_ child: ChildProcess, on loop: EventLoop) async throws {
        child.signalGroup(SIGTERM)
        let clock = LoopClock(loop)
        let deadline = clock.now.advanced(by: Self.gracePeriod)
        while child.hasGroup, clock.now < deadline { try await clock.sleep(for: .milliseconds(20)) }
        child.signalGroup(SIGKILL)
    }

    private func start(_ program: String, on loop: EventLoop) throws -> ChildProcess {
        try ChildProcess(
            program,
            arguments: Array(command.dropFirst()),
            environment: environment,
            log: STDOUT_FILENO,
            errors: STDERR_FILENO,
            on: loop
        )
    }

    /// The caller's, and whom to trust.
    private var environment: [String: String] {
        var environment = ProcessInfo.processInfo.environment
        if let authorityPath {
            environment["SSL_CERT_FILE"] = authorityPath
            environment["PROBE_AGENT_AUTHORITIES"] = authorityPath
        }
        return environment
    }

    private static func find(_ name: String) throws(CommandLineError) -> String {
        let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
        let candidates = name.contains("/") ? [name] : path.split(separator: ":").map { "\($0)/\(name)" }
        guard let program = candidates.first(where: { FileManager.default.isExecutableFile(atPath: $0) }) else {
            throw CommandLineError(.usage, "there is no program \(name)")
        }
        return program
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
