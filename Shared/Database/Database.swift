/// A database that many tasks use at once.
///
/// Work is handed over as a closure, which runs on a thread of the engine's own: it may block, and nothing else waits
/// for it but the jobs behind it. Queues are bounded; a full one answers `.busy` at once.
///
/// Cancelling the calling task drops the job if it still waits, and stops it and undoes it if it runs; either way
/// `CancellationError` is thrown. Once a change is committed, cancellation is too late and the result is returned.
public protocol Database: Sendable {
    var engine: DatabaseEngine { get }

    /// Runs `body` on one consistent snapshot of what is committed; it can change nothing.
    ///
    /// Throws `.deadlineExceeded` when a deadline is set and `body` is not done by then.
    func read<T: Sendable>(
        deadline: ContinuousClock.Instant?,
        _ body: @escaping @Sendable (any DatabaseConnection) throws -> T
    ) async throws -> T

    /// Runs `body` as one transaction: durable when this returns, undone when `body` throws.
    ///
    /// The engine may have to run `body` again, so it should change nothing but the database.
    func write<T: Sendable>(
        deadline: ContinuousClock.Instant?,
        _ body: @escaping @Sendable (any DatabaseConnection) throws -> T
    ) async throws -> T

    /// What the database has done since it was opened.
    var statistics: DatabaseStatistics { get }

    /// Finishes the jobs that wait and closes the database; later ones fail. Safe to call twice.
    func close() async
}

extension Database {
    public func read<T: Sendable>(
        _ body: @escaping @Sendable (any DatabaseConnection) throws -> T
    ) async throws -> T {
        try await read(deadline: nil, body)
    }

    public func write<T: Sendable>(
        _ body: @escaping @Sendable (any DatabaseConnection) throws -> T
    ) async throws -> T {
        try await write(deadline: nil, body)
    }
}
