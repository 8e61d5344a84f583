import Contracts
import Egress
import Lifecycle
import Observability
import Synchronization

/// Sends totals to one destination: every interval what they are, one request at a time, each again until it is taken,
/// refused, or too old.
final class TelemetryExporter: Sendable {
    private let destination: TelemetrySettings.Destination
    private let form: TelemetryForm
    private let settings: TelemetrySettings
    private let totals: ProbeTotals
    private let lease: Lease
    private let sender: TelemetrySender
    private let clock: any Clock<Duration>
    private let now: @Sendable () -> Timestamp
    private let log: Log
    private let metrics: TelemetryMetrics
    private let start: Timestamp
    private let backlog: Mutex<TelemetryBacklog>
    private let arrivals = Latest(())
    private let isDraining = Atomic(false)

    init(
        _ form: TelemetryForm,
        to destination: TelemetrySettings.Destination,
        _ settings: TelemetrySettings,
        _ totals: ProbeTotals,
        _ lease: Lease,
        _ sender: TelemetrySender,
        clock: any Clock<Duration>,
        now: @escaping @Sendable () -> Timestamp,
        log: Log,
        metrics: Metrics
    ) {
        self.form = form
        self.destination = destination
        self.settings = settings
        self.totals = totals
        self.lease = lease
        self.sender = sender
        self.clock = clock
        self.now = now
        self.log = log
        self.metrics = TelemetryMetrics(metrics, form)
        start = now()
        backlog = Mutex(TelemetryBacklog(maximumBytes: settings.limits.backlogBytes))
        metrics.gauge("sonde_store_\(form.rawValue)_backlog_bytes", "Bytes of requests that wait to be sent.") {
            [weak self] in Double(self?.backlog.withLock(\.byteCount) ?? 0)
        }
    }

    /// Runs until it is cancelled.
    func run() async throws {
        try await withThrowingTaskGroup { group in
            group.addTask { try await self.produce() }
            group.addTask { try await self.deliver() }
            try await group.waitForAll()
        }
    }

    /// Sends nothing new, and lets another store go on.
    func drain() async {
        isDraining.store(true, ordering: .sequentiallyConsistent)
        // Another store can go on without it, a little later.
        try? await lease.release()
    }

    /// Adds requests to the backlog, a while after each interval's end.
    private func produce() async throws {
        var last = intervalEnd
        while true {
            let due = last.advanced(by: destination.interval + ProbeTotals.grace)
            try await clock.sleep(for: max(.milliseconds(1), now().duration(to: due)))
            let time = intervalEnd
            guard time > last else { continue }
            last = time
            // Nothing was counted at a time before the start.
            if time >= start { await take(time) }
        }
    }

    /// The end of the last interval that is over long enough.
    private var intervalEnd: Timestamp {
        let length = destination.interval.components.seconds * 1_000_000
        let time = now().advanced(by: .zero - ProbeTotals.grace).microseconds
        return Timestamp(microseconds: time / length * length)
    }

    private func take(_ time: Timestamp) async {
        do {
            guard !isDraining.load(ordering: .sequentiallyConsistent),
                try await lease.take(now(), for: destination.interval * 2 + ProbeTotals.grace)
            else { return }
            let bodies = try await bodies(at: time)
            metrics.lost.increment(by: backlog.withLock { $0.append(bodies, at: time) })
            arrivals.update(())
        } catch {
            guard !Task.isCancelled else { return }
            metrics.failures.increment()
            log.warning("cannot make samples", ["destination": form.rawValue, "error": "\(error)"])
        }
    }

    /// Not made on the loop, which has others to serve: of many vantages it takes milliseconds.
    private func bodies(at time: Timestamp) async throws -> [TelemetryBody] {
        try await withTaskExecutorPreference(globalConcurrentExecutor) { [totals, form, settings, start] in
            let page = ProbePage(totals.content, at: time, seriesLimit: settings.series)
            return try form.bodies(page.families, at: time, since: start, settings)
        }
    }

    private func deliver() async throws {
        // A receiver that goes on refusing, or not answering, is mentioned once.
        var isWell = true
        while true {
            let version = arrivals.current.version
            guard let request = backlog.withLock(\.first) else {
                _ = try await arrivals.next(after: version)
                continue
            }
            try await send(request, &isWell)
            backlog.withLock { $0.remove(request) }
        }
    }

    private func send(_ request: TelemetryBacklog.Request, _ isWell: inout Bool) async throws {
        var random = SystemRandomNumberGenerator()
        var attempts = 0
        while request.time.duration(to: now()) < settings.limits.age {
            let result = await sender.post(
                request.body,
                to: destination,
                headers: form.headers,
                timeout: settings.limits.timeout
            )
            try Task.checkCancellation()
            attempts += 1
            switch TelemetryVerdict(result, attempts: attempts, limits: settings.limits, using: &random) {
            case .accepted:
                metrics.sent.increment(by: request.body.samples)
                isWell = true
                return
            case .refused(let fault):
                metrics.refused.increment(by: request.body.samples)
                if isWell { log.error("samples are refused", ["destination": form.rawValue, "error": fault]) }
                isWell = false
                return
            case .again(let wait, let fault):
                metrics.retries.increment()
                if isWell { log.warning("samples are sent again", ["destination": form.rawValue, "error": fault]) }
                isWell = false
                try await clock.sleep(for: wait)
            }
        }
        metrics.lost.increment(by: request.body.samples)
    }
}

/// What is counted of samples on their way out.
struct TelemetryMetrics: Sendable {
    let sent: Counter
    let refused: Counter
    /// Too old, or too many.
    let lost: Counter
    let retries: Counter
    let failures: Counter

    init(_ metrics: Metrics, _ form: TelemetryForm) {
        let prefix = "sonde_store_\(form.rawValue)"
        let samples = metrics.counter(
            "\(prefix)_samples_total",
            "Samples, by what became of them.",
            labels: ["outcome"]
        )
        (sent, refused, lost) = (samples("sent"), samples("refused"), samples("lost"))
        retries = metrics.counter("\(prefix)_retries_total", "Requests that have to be sent again.")()
        failures = metrics.counter("\(prefix)_failures_total", "Times at which no samples could be made.")()
    }
}
