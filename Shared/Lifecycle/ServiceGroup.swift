public import EventLoop
import Glibc
public import Observability

/// Runs services together: started in order, drained in reverse order when a signal arrives or one of them ends.
public struct ServiceGroup: Sendable {
    private let services: [any Service]
    private let loop: EventLoop
    private let signals: SignalWaiter
    private let gracePeriod: Duration
    private let patience: Duration
    private let giveUp: @Sendable () -> Void
    private let log: Log

    /// `giveUp` is called when services have not ended `patience` after they were cancelled, as one that waits for a disk
    /// that does not answer; nothing but the end of the process helps then.
    ///
    /// The services' tasks prefer `loop`, and so do all their children.
    public init(
        _ services: [any Service],
        on loop: EventLoop,
        shutdownOn signals: SignalWaiter,
        gracePeriod: Duration = .seconds(20),
        patience: Duration = .seconds(8),
        log: Log,
        giveUp: (@Sendable () -> Void)? = nil
    ) {
        self.services = services
        self.loop = loop
        self.signals = signals
        self.gracePeriod = gracePeriod
        self.log = log
        self.patience = patience
        self.giveUp = giveUp ?? { exit(EX_SOFTWARE) }
    }

    private enum Event: Sendable {
        case signal(CInt)
        /// Nobody waits for a signal any more.
        case deaf
        case ended(Int, (any Error)?)
        case drained
        case graceOver
    }

    /// Returns when all services have ended after a signal; throws what made a service fail.
    public func run() async throws {
        try await withTaskExecutorPreference(loop) {
            try await withThrowingTaskGroup(of: Event.self) { group in
                // Not thrown: it would hide why the group ends.
                group.addTask { (try? await signals.wait(on: loop)).map { .signal($0) } ?? .deaf }
                for (index, service) in services.enumerated() {
                    group.addTask { await Self.outcome(of: service, index) }
                }
                let failure = try await firstEnd(&group)
                try await drainAll(&group)
                if let failure { throw failure }
            }
        }
    }

    private static func outcome(of service: any Service, _ index: Int) async -> Event {
        do {
            try await service.run()
            return .ended(index, nil)
        } catch {
            return .ended(index, error)
        }
    }

    private func firstEnd(_ group: inout ThrowingTaskGroup<Event, any Error>) async throws -> (any Error)? {
        switch try await group.next() {
        case .signal(let number):
            log.info("stopping", ["signal": "\(number)"])
            return nil
        case .ended(let index, let error):
            let name = "\(type(of: services[index]))"
            log.error("a service ended", ["name": name, "error": error.map { "\($0)" } ?? "returned"])
            return error ?? LifecycleError("\(name) returned before it was asked to stop")
        case .deaf, .drained, .graceOver, nil:
            return nil
        }
    }

    private func drainAll(_ group: inout ThrowingTaskGroup<Event, any Error>) async throws {
        let clock = LoopClock(loop)
        group.addTask {
            for service in services.reversed() { await service.drain() }
            return .drained
        }
        group.addTask {
            try? await clock.sleep(for: gracePeriod)
            return .graceOver
        }
        var lastResort: TimerToken?
        while let event = try await group.next() {
            switch event {
            case .drained where !group.isCancelled:
                lastResort = cancelAll(&group)
            case .graceOver where !group.isCancelled:
                log.warning("drain took longer than the grace period")
                lastResort = cancelAll(&group)
            case .signal, .deaf, .ended, .drained, .graceOver:
                continue
            }
        }
        if let lastResort { loop.disarm(lastResort) }
    }

    /// Returns the timer that ends the process if the services do not end.
    private func cancelAll(_ group: inout ThrowingTaskGroup<Event, any Error>) -> TimerToken {
        group.cancelAll()
        let resort = LastResort { [log, giveUp] in
            log.error("services do not end though they are cancelled; the process ends without them")
            giveUp()
        }
        return loop.arm(resort, afterNanoseconds: UInt64(patience.inNanoseconds))
    }
}

private final class LastResort: TimerHandler {
    private let act: () -> Void

    init(_ act: @escaping () -> Void) {
        self.act = act
    }

    func timerFired(_ token: TimerToken) { act() }
}

/// An error that ends a process with an exit code of its own.
public protocol ExitCodeProviding: Error {
    var exitCode: CInt { get }
}

/// Why the process cannot go on.
public struct LifecycleError: Error, Sendable, CustomStringConvertible {
    public var message: String

    public init(_ message: String) {
        self.message = message
    }

    public var description: String { message }
}
