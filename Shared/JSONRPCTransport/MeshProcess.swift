import Configuration
public import EventLoop
import Foundation
public import HTTP
public import JSONRPC
public import Lifecycle
public import Observability
public import TLS

/// What every process of the mesh consists of: one loop, its log and metrics, its identity, its admin port.
public struct MeshProcess: Sendable {
    public let peer: RPCPeer
    public let settings: MeshSettings
    public let loop: EventLoop
    public let log: Log
    public let metrics = Metrics()
    public let identity: TLSIdentity
    public let readiness = ReadyState()
    private let signals: SignalWaiter
    private let admin: AdminServer

    /// Binds the admin port; nothing runs yet but the loop's thread, which waits.
    public init(_ peer: RPCPeer, _ settings: MeshSettings) throws {
        signals = try SignalWaiter([SIGTERM, SIGINT])
        self.peer = peer
        self.settings = settings
        loop = try EventLoop(name: peer.rawValue)
        log = Log(label: peer.rawValue, minimum: settings.logLevel, repetitions: Repetitions())
        identity = try TLSIdentity(directory: settings.identityDirectory)
        admin = try AdminServer(
            on: settings.adminListen,
            loop: loop,
            readiness: readiness,
            log: log,
            metrics: metrics
        )
        try loop.start()
        metrics.addLoop(loop)
        metrics.gauge("sonde_ready", "Whether this process may be sent work.") { [readiness] in
            readiness.obstacle == nil ? 1 : 0
        }
    }

    /// A connection to another service, on the process's loop or another; to be run before whoever calls through it.
    public func connection(
        to peer: RPCPeer,
        at endpoint: String,
        limits: HTTPLimits = .mesh,
        on other: EventLoop? = nil
    ) -> RPCConnection {
        RPCConnection(
            to: peer,
            at: endpoint,
            identity: identity,
            loop: other ?? loop,
            limits: limits,
            log: log,
            metrics: metrics
        )
    }

    /// Binds the mesh's port for a router; answers when it runs.
    public func server(_ router: RPCRouter) throws -> RPCServer {
        try RPCServer(
            on: settings.listen,
            loops: [loop],
            identity: identity,
            router: router,
            log: log,
            metrics: metrics
        )
    }

    /// Binds the mesh's port; answers when it runs.
    public func server(limits: HTTPLimits = .mesh, _ responder: @escaping HTTPResponder) throws -> RPCServer {
        try RPCServer(
            on: settings.listen,
            loops: [loop],
            identity: identity,
            responder: responder,
            limits: limits,
            log: log,
            metrics: metrics
        )
    }

    public func router(authorizer: any RPCAuthorizer = CallerList()) -> RPCRouter {
        RPCRouter(title: peer.rawValue, authorizer: authorizer, log: log, metrics: metrics)
    }

    /// Says in the log and in the readiness that something does not work, or with `nil` that it does again.
    ///
    /// `part` is a word for whoever asks whether the process is ready; the error is for the log alone.
    public func noteTrouble(_ error: (any Error)?, of part: String) {
        // Each has its counterpart, so none is left out for having been said lately.
        let log = Log(label: peer.rawValue, minimum: settings.logLevel)
        if let error {
            log.error("not ready", ["part": part, "error": "\(error)"])
        } else {
            log.info("ready again", ["part": part])
        }
        readiness.note(part, isOver: error == nil)
    }

    /// Awaits `body` before anything else can run, and is ready meanwhile: whoever comes waits at a port that is bound.
    ///
    /// Returns `nil` when a signal asks the process to end; what `body` has made all the same goes to `undo`.
    public func standBy<T: Sendable>(
        _ body: @escaping @Sendable () async throws -> T,
        undo: @escaping @Sendable (T) async -> Void
    ) async throws -> T? {
        admin.start()
        readiness.hasStarted = true
        noteStart()
        return try await withThrowingTaskGroup(of: Wait<T>.self) { group in
            group.addTask(executorPreference: loop) {
                do { return .over(try await body()) } catch is CancellationError { return .cancelled }
            }
            group.addTask(executorPreference: loop) { [signals, loop] in
                do { return .signal(try await signals.wait(on: loop)) } catch is CancellationError { return .cancelled }
            }
            var result: T?
            var isAsked = false
            // Both are awaited: either may have happened while the other was told to end.
            while let wait = try await group.next() {
                group.cancelAll()
                switch wait {
                case .over(let made): result = made
                case .signal(let number):
                    log.info("stopping", ["signal": "\(number)"])
                    isAsked = true
                case .cancelled: break
                }
            }
            guard isAsked else { return result }
            if let result { await undo(result) }
            return nil
        }
    }

    private func noteStart() {
        guard let supervisor = Supervisor.own, !supervisor.noteStart() else { return }
        log.warning("whoever started this process could not be told that it has started")
    }

    private enum Wait<T: Sendable>: Sendable {
        case over(T), signal(CInt), cancelled
    }

    /// Runs `services` until a signal comes: started in this order, drained in the opposite one.
    ///
    /// Ready from the start, unless one of them is to say when.
    public func run(_ services: [any Service], isReady: Bool = true) async throws {
        let own: [any Service] = [admin, IdentityReloader(identity, on: loop, log: log)]
        let group = ServiceGroup(
            own + services,
            on: loop,
            shutdownOn: signals,
            gracePeriod: settings.gracePeriod,
            log: log
        )
        log.info("starting", ["listen": "\(settings.listen)"])
        readiness.hasStarted = isReady
        noteStart()
        try await group.run()
        log.info("stopped")
    }

    /// Runs a whole main: an error that ends it is one line and its own exit code, or 73: something could not be made.
    public static func main(_ name: RPCPeer, _ body: () async throws -> Void) async {
        do {
            try await body()
        } catch {
            FileHandle.standardError.write(Data("\(name.rawValue): \(error)\n".utf8))
            exit((error as? any ExitCodeProviding)?.exitCode ?? EX_CANTCREAT)
        }
    }
}

extension Metrics {
    /// How long the turns of a loop take, and how much of the time it is busy; `name` begins the names of its metrics.
    public func addLoop(_ loop: EventLoop, as name: String = "sonde_loop") {
        let statistics = loop.statistics
        counter("\(name)_busy_seconds_total", "Time the event loop spent in callbacks and jobs.") {
            statistics.snapshot.busySeconds
        }
        histogram("\(name)_turn_seconds", "Length of the event loop's turns: how long an event may wait.") {
            let snapshot = statistics.snapshot
            return (LoopStatistics.bounds, snapshot.turns, snapshot.busySeconds)
        }
    }
}
