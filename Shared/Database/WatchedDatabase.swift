import Synchronization

/// A database that tells when it stops working, and when it works again.
///
/// Each is told once, however many jobs fail meanwhile. It works again when a change was made, or something was read and
/// nothing has failed for half a minute: a full disk can be read all the time, and nobody may change anything by
/// himself.
public final class WatchedDatabase: Database {
    private static let calm = Duration.seconds(30)

    private let database: any Database
    private let now: @Sendable () -> ContinuousClock.Instant
    private let tell: @Sendable (DatabaseError?) -> Void
    private let lastFailure = Mutex<ContinuousClock.Instant?>(nil)

    /// `tell` is given the error that a trouble began with, and `nil` when it is over; it runs on any thread.
    public init(
        _ database: any Database,
        now: @escaping @Sendable () -> ContinuousClock.Instant = { .now },
        _ tell: @escaping @Sendable (DatabaseError?) -> Void
    ) {
        self.database = database
        self.now = now
        self.tell = tell
    }

    public var engine: DatabaseEngine { database.engine }
    public var statistics: DatabaseStatistics { database.statistics }

    public func read<T: Sendable>(
        deadline: ContinuousClock.Instant?,
        _ body: @escaping @Sendable (any DatabaseConnection) throws -> T
    ) async throws -> T {
        try await watching(isWrite: false) { try await database.read(deadline: deadline, body) }
    }

    public func write<T: Sendable>(
        deadline: ContinuousClock.Instant?,
        _ body: @escaping @Sendable (any DatabaseConnection) throws -> T
    ) async throws -> T {
        try await watching(isWrite: true) { try await database.write(deadline: deadline, body) }
    }

    public func close() async { await database.close() }

    private func watching<T>(isWrite: Bool, _ job: () async throws -> T) async throws -> T {
        do {
            let result = try await job()
            let isOver = lastFailure.withLock { last in
                guard let failure = last, isWrite || failure + Self.calm <= now() else { return false }
                last = nil
                return true
            }
            if isOver { tell(nil) }
            return result
        } catch let error as DatabaseError where [.unavailable, .disk, .corrupt].contains(error.code) {
            let isNew = lastFailure.withLock { last in
                defer { last = now() }
                return last == nil
            }
            if isNew { tell(error) }
            throw error
        }
    }
}
