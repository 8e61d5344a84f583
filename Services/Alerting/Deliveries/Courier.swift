import Contracts
import Database
import Egress
import Lifecycle
import Observability
import Synchronization

/// Tells receivers of incidents: every transition at least once, until it is acknowledged or refused for good.
final class Courier: Service {
    private let book: AlertBook
    private let sender: WebhookSender
    private let retries: RetryPolicy
    private let clock: any Clock<Duration>
    private let now: @Sendable () -> Timestamp
    private let log: Log
    private let outcomes: CounterFamily
    private let slots: Mutex<DeliverySlots>
    /// How many deliveries are under way.
    private let underWay = Latest(0)
    private let isDraining = Atomic(false)

    init(
        _ book: AlertBook,
        _ sender: WebhookSender,
        retries: RetryPolicy,
        clock: any Clock<Duration>,
        now: @escaping @Sendable () -> Timestamp,
        log: Log,
        metrics: Metrics
    ) {
        self.book = book
        self.sender = sender
        self.retries = retries
        self.clock = clock
        self.now = now
        self.log = log
        outcomes = metrics.counter(
            "sonde_deliveries_total",
            "Attempts to tell a receiver of an incident, by outcome.",
            labels: ["outcome"]
        )
        slots = Mutex(DeliverySlots(total: book.limits.webhooks, perReceiver: book.limits.webhooksPerReceiver))
    }

    func run() async throws {
        await withDiscardingTaskGroup { group in
            while !Task.isCancelled {
                let version = book.deliveryChanges.current.version
                var next: Timestamp?
                do {
                    let due = try await dueDeliveries()
                    for delivery in due.now {
                        group.addTask { await self.attempt(delivery) }
                    }
                    next = due.next
                } catch {
                    log.warning("cannot read what is to be delivered", ["error": "\(error)"])
                    next = now().advanced(by: .seconds(1))
                }
                await wait(until: next, orChangeAfter: version)
            }
            group.cancelAll()
        }
    }

    /// Begins nothing new, and waits for what is under way; what is left is delivered by the next run.
    func drain() async {
        isDraining.store(true, ordering: .sequentiallyConsistent)
        var seen = -1
        while slots.withLock({ !$0.taken.isEmpty }), let change = try? await underWay.next(after: seen) {
            seen = change.version
        }
    }

    /// What is due and has got a slot, and when more will be.
    private func dueDeliveries() async throws -> (now: [Delivery], next: Timestamp?) {
        let now = now()
        let busy = slots.withLock { slots in
            slots.beginRound()
            return slots.taken.count
        }
        let (due, next) = try await book.read {
            [limit = book.limits.webhooksPerReceiver, last = retries.last] database in
            let due = try database.receivers().flatMap { receiver in
                // Those under way are still due in the database.
                try database.dueDeliveries(to: receiver, at: now, within: last, limit: limit + busy)
            }
            return (due, try database.nextDelivery(after: now))
        }
        guard !isDraining.load(ordering: .sequentiallyConsistent) else { return ([], next) }
        return (due.filter { delivery in slots.withLock { $0.take(delivery.key) } }, next)
    }

    private func attempt(_ delivery: Delivery) async {
        do {
            let result = try await send(delivery)
            try Task.checkCancellation()
            try await record(result, of: delivery)
        } catch is CancellationError {
            // Not known whether it arrived: the next run sends it again, by the same key.
        } catch {
            log.error("cannot write down what came of a delivery", ["error": "\(error)"])
            // Keeps its slot for a while: it would be sent again at once.
            try? await clock.sleep(for: .seconds(10))
        }
        slots.withLock { $0.free(delivery.key) }
        underWay.update(slots.withLock { $0.taken.count })
        book.deliveryChanges.update(())
    }

    private func send(_ delivery: Delivery) async throws -> Result<Int, EgressError> {
        guard let url = delivery.receiver.url else {
            write(delivery.notice)
            return .success(200)
        }
        return try await sender.post(delivery, to: url)
    }

    private func write(_ notice: IncidentNotice) {
        let incident = notice.incident
        let fields = [
            "incident": incident.id.rawValue, "severity": incident.severity.rawValue, "rule": incident.ruleName,
            "target": incident.targetName, "check_type": incident.checkType.rawValue,
            "agent": incident.agentID.rawValue, "cause": incident.cause, "started_at": "\(incident.startedAt)",
            "ended_at": incident.endedAt.map { "\($0)" } ?? "", "duration_ms": "\(incident.durationMilliseconds)",
        ]
        switch notice.transition {
        case .firing: log.warning("incident firing", fields)
        case .resolved: log.info("incident resolved", fields)
        }
    }

    private func record(_ result: Result<Int, EgressError>, of delivery: Delivery) async throws {
        let now = now()
        var random = SystemRandomNumberGenerator()
        let verdict = retries.verdict(
            on: result,
            attempts: delivery.attempts + 1,
            age: delivery.createdAt.duration(to: now),
            using: &random
        )
        let (state, outcome, next) =
            switch verdict {
            case .delivered: (Delivery.State.delivered, "", now)
            case .failed(let fault): (.failed, fault, now)
            case .again(let wait, let fault): (.pending, fault, now.advanced(by: wait))
            }
        try await book.write { try $0.record(state, outcome, of: delivery, at: now, next: next) }
        outcomes(state == .pending ? "retried" : state.rawValue).increment()
        guard state != .delivered, state == .failed || delivery.attempts == 0 else { return }
        log.warning(
            state == .failed ? "a delivery failed for good" : "a delivery is tried again",
            ["receiver": delivery.receiver.name, "delivery": delivery.key.idempotencyKey, "error": outcome]
        )
    }

    private func wait(until next: Timestamp?, orChangeAfter version: Int) async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { [book] in _ = try? await book.deliveryChanges.next(after: version) }
            if let next {
                let pause = min(max(now().duration(to: next), .milliseconds(1)), retries.last)
                group.addTask { [clock] in try? await clock.sleep(for: pause) }
            }
            await group.next()
            group.cancelAll()
        }
    }
}
