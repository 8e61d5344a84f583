import Database
import Synchronization

/// A database as a process has it that ends at one of its writes: nothing works from then on.
final class MortalDatabase: Database {
    private struct State {
        var writes: Int
        var isDead = false
    }

    private enum Step { case live, last, dead }

    private let base: any Database
    private let isLastCommitted: Bool
    private let state: Mutex<State>

    /// Dies at the write that follows `writes` others, right before or right after it is committed.
    init(_ base: any Database, after writes: Int, isLastCommitted: Bool) {
        self.base = base
        self.isLastCommitted = isLastCommitted
        state = Mutex(State(writes: writes))
    }

    var isDead: Bool { state.withLock(\.isDead) }

    var engine: DatabaseEngine { base.engine }

    func read<T: Sendable>(
        deadline: ContinuousClock.Instant?,
        _ body: @escaping @Sendable (any DatabaseConnection) throws -> T
    ) async throws -> T {
        guard !isDead else { throw Self.end }
        return try await base.read(deadline: deadline, body)
    }

    func write<T: Sendable>(
        deadline: ContinuousClock.Instant?,
        _ body: @escaping @Sendable (any DatabaseConnection) throws -> T
    ) async throws -> T {
        switch count() {
        case .live: return try await base.write(deadline: deadline, body)
        case .last where isLastCommitted: _ = try await base.write(deadline: deadline, body)
        case .last, .dead: break
        }
        throw Self.end
    }

    var statistics: DatabaseStatistics { base.statistics }

    func close() async { await base.close() }

    private func count() -> Step {
        state.withLock { state in
            guard !state.isDead else { return .dead }
            state.isDead = state.writes == 0
            state.writes -= 1
            return state.isDead ? .last : .live
        }
    }

    private static let end = DatabaseError(.unavailable, "the process has ended")
}
