import EventLoop
import Foundation
import Glibc
import JSONRPC

/// Keeps one service running: starts it again, after a growing pause, when it ends by itself.
actor Keeper {
    private static let stopTimeout = Duration.seconds(25)
    /// EX_USAGE and EX_CANTCREAT: trying again would end the same way, unless it went well before.
    private static let refusals: Set<CInt> = [64, 73]

    nonisolated let service: ServicePlan
    nonisolated let logFile: URL
    private let program: String
    private let loop: EventLoop
    private let clock: LoopClock
    private var child: ChildProcess?
    private var isStopping = false
    private var wasReady = false
    /// What the service said when it refused to start.
    private(set) var refusal: String?

    nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe loop.actorExecutor }

    init(_ service: ServicePlan, logFile: URL, programs: URL, on loop: EventLoop) {
        self.service = service
        self.logFile = logFile
        self.loop = loop
        clock = LoopClock(loop)
        program = programs.appending(path: service.peer.rawValue).path()
    }

    /// Returns when the service has been stopped, or refused to start.
    func run() async {
        var pause = Duration.milliseconds(100)
        while !isStopping {
            let started = clock.now
            do {
                let log = FileDescriptor(unsafe open(logFile.path(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600))
                let child = try ChildProcess(program, environment: service.environment, log: log.number, on: loop)
                self.child = child
                let code = await child.untilExit()
                self.child = nil
                guard !isStopping else { return }
                guard wasReady || !Self.refusals.contains(code) else {
                    refusal = lastLine()
                    return
                }
                Output.line("  \(service.peer.rawValue) ended with \(code); starting it again")
            } catch {
                refusal = "\(error)"
                return
            }
            pause = started.duration(to: clock.now) > .seconds(30) ? .milliseconds(100) : min(.seconds(5), pause * 2)
            try? await clock.sleep(for: pause)
        }
    }

    func noteReady() { wasReady = true }

    /// Asks the service to end, and ends it when it takes too long; returns when it is gone.
    func stop() async {
        isStopping = true
        guard let child else { return }
        child.signal(SIGTERM)
        await withDiscardingTaskGroup { group in
            group.addTask { [clock] in
                // Not cancelled with the rest: stopping comes after cancellation.
                try? await clock.sleep(for: Self.stopTimeout)
                if !Task.isCancelled { child.signal(SIGKILL) }
            }
            _ = await child.untilExit()
            group.cancelAll()
        }
    }

    /// The newest line of the log that is for people, not a record.
    private func lastLine() -> String {
        let text = (try? String(contentsOf: logFile, encoding: .utf8)) ?? ""
        let line = text.split(separator: "\n").last { !$0.hasPrefix("{") }
        return line.map(String.init) ?? "\(service.peer.rawValue) refused to start; see \(logFile.path())"
    }
}
