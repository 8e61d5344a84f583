public import EventLoop
public import Lifecycle
public import Observability
public import TLS

/// Takes over a process's certificates when their files change.
public struct IdentityReloader: Service {
    private let identity: TLSIdentity
    private let clock: LoopClock
    private let interval: Duration
    private let log: Log

    public init(_ identity: TLSIdentity, on loop: EventLoop, every interval: Duration = .seconds(1), log: Log) {
        self.identity = identity
        clock = LoopClock(loop)
        self.interval = interval
        self.log = log
    }

    public func run() async throws {
        var hasFailed = false
        while !Task.isCancelled {
            do {
                if try identity.reloadIfChanged() { log.info("took over new certificates") }
                hasFailed = false
            } catch {
                if !hasFailed { log.warning("certificates are not usable yet", ["error": "\(error)"]) }
                hasFailed = true
            }
            try? await clock.sleep(for: interval)
        }
    }
}
