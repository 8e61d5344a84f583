import Contracts
import Database
import JSONRPC
import Lifecycle
import Observability
import Synchronization

/// Follows the store, and turns what it streams into incidents.
///
/// Transitions are committed at once, with the cursor and the streaks that led to them; streaks alone at most once a
/// second. A new run goes on from there: the rows since then come again and lead to the same streaks, and a
/// transition, being committed with its cursor, is neither lost nor made twice.
final class Evaluation: Service {
    private static let saveInterval = Duration.seconds(1)
    private static let pause = Duration.milliseconds(200)

    private let book: AlertBook
    private let store: RPCClient
    private let maintenance: MaintenanceWatch
    private let clock: any Clock<Duration>
    private let now: @Sendable () -> Timestamp
    private let log: Log
    /// Microseconds since 1970 of the newest row that was evaluated.
    private let newest = Atomic<Int64>(0)
    /// Whether nothing was committed since the last interruption.
    private let isInterrupted = Atomic(false)

    init(
        _ book: AlertBook,
        store: RPCClient,
        maintenance: MaintenanceWatch,
        clock: any Clock<Duration>,
        now: @escaping @Sendable () -> Timestamp,
        log: Log
    ) {
        self.book = book
        self.store = store
        self.maintenance = maintenance
        self.clock = clock
        self.now = now
        self.log = log
    }

    /// How old the newest row is that was evaluated; zero before the first.
    var lag: Duration {
        let newest = newest.load(ordering: .relaxed)
        return newest == 0 ? .zero : max(.zero, Timestamp(microseconds: newest).duration(to: now()))
    }

    func run() async throws {
        await maintenance.prepare()
        while !Task.isCancelled {
            do {
                try await follow()
            } catch is RulesChanged {
                continue
            } catch {
                guard !Task.isCancelled else { return }
                let isKnown = isInterrupted.exchange(true, ordering: .relaxed)
                if !isKnown { log.warning("the evaluation was interrupted", ["error": "\(error)"]) }
                try? await clock.sleep(for: Self.pause)
            }
        }
    }

    /// Evaluates what comes until the rules change; throws when the stream ends or breaks.
    private func follow() async throws {
        let version = book.ruleChanges.current.version
        var (evaluator, progress) = try await book.read { [limits = book.limits] connection in
            try connection.evaluation(limits)
        }
        let stream = try await store.follow(.followEvents, EventRequest(cursor: progress.cursor))
        if progress.cursor != stream.result.cursor {
            noteJump(from: progress.cursor, to: stream.result.cursor)
            progress.cursor = stream.result.cursor
            try await save(evaluator.takeChanges(), progress)
        }
        var savedAt = now()
        var refused = 0
        while let event = try await stream.next() {
            let time = now()
            try await book.welcome(event.tenant, at: time)
            guard book.ruleChanges.current.version == version else { return }
            evaluator.maintenance = maintenance.times.current.value
            evaluator.apply(event.batch, of: event.tenant, at: time)
            progress.cursor = event.cursor
            if refused == 0, evaluator.refused > 0 {
                log.error("too many checks for the rules, some are not watched", ["limit": "\(book.limits.streaks)"])
            }
            refused = evaluator.refused
            newest.store(event.batch.columns.timestamp.max() ?? 0, ordering: .relaxed)
            let age = savedAt.duration(to: time)
            guard evaluator.hasTransitions || age >= Self.saveInterval || age < .zero else { continue }
            try await save(evaluator.takeChanges(), progress)
            savedAt = time
        }
        throw RPCError(.unavailable, "the store ended the stream")
    }

    private func save(_ changes: Evaluator.Changes, _ progress: EvaluationProgress) async throws {
        let now = now()
        try await book.write { try $0.save(changes, progress, at: now) }
        isInterrupted.store(false, ordering: .relaxed)
        guard !changes.transitions.isEmpty else { return }
        book.deliveryChanges.update(())
    }

    private func noteJump(from old: Int?, to new: Int) {
        guard let old else { return }
        log.warning("measurements are missing between two cursors", ["after": "\(old)", "resumes_after": "\(new)"])
    }
}
