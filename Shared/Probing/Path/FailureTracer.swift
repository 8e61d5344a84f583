import Contracts
import EventLoop

/// Follows the way to targets that have just begun to fail, while they do.
///
/// Takes few at a time, and no more than a bounded number to come: when everything fails at once, a few ways tell why.
/// To be used on its loop only.
public final class FailureTracer {
    struct Request {
        /// The row that the trace will be.
        var id: UUIDv7
        /// The row of the failure.
        var cause: UUIDv7
        var endpoint: String
        var probe: any Probe
        var report: (CheckResult) -> Void
    }

    private static let maximumWaiting = 64
    private static let maximumUnderWay = 4
    /// Of each trace as a whole.
    private static let timeout = Duration.seconds(3)

    /// Traces that were not made since too many were to be.
    public private(set) var refused = 0
    private let loop: EventLoop
    private let alarm: Alarm
    private var waiting: [Request] = []
    private var underWay = 0
    private var isRunning = false

    init(on loop: EventLoop) {
        self.loop = loop
        alarm = Alarm(on: loop)
    }

    /// Whether it will be done.
    func take(_ request: Request) -> Bool {
        guard isRunning else { return false }
        guard waiting.count < Self.maximumWaiting else {
            refused += 1
            return false
        }
        waiting.append(request)
        alarm.ring()
        return true
    }

    /// Makes the traces that are asked for, until the task is cancelled.
    public func run() async {
        let bound = LoopBound(self, on: loop)
        // The bodies of task groups run where the task prefers to, which need not be where this was called.
        await withTaskExecutorPreference(loop) { await bound.value.work(bound) }
    }

    private func work(_ bound: LoopBound<FailureTracer>) async {
        isRunning = true
        defer { isRunning = false }
        await withDiscardingTaskGroup { group in
            while !Task.isCancelled {
                while underWay < Self.maximumUnderWay, !waiting.isEmpty {
                    let request = LoopBound(waiting.removeFirst(), on: loop)
                    underWay += 1
                    group.addTask { await bound.value.trace(request.value) }
                }
                await alarm.wait(atMost: .seconds(60))
            }
            group.cancelAll()
        }
    }

    private func trace(_ request: Request) async {
        var outcome = await request.probe.run(timeout: Self.timeout)
        underWay -= 1
        alarm.ring()
        guard !Task.isCancelled else { return }
        outcome.metadata.text("cause", request.cause.description)
        request.report(CheckResult(id: request.id, type: .trace, endpoint: request.endpoint, outcome: outcome))
    }
}
