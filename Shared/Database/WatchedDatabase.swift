import Synchronization

/// A database that tells when it stops working, and when it works again.
///
/// Each is told once, however many jobs fail meanwhile. One that was away works again when it takes a change; one whose
/// disk is full may take a change of nothing all the time, so like one that is only read it does when nothing has failed
/// for a while.
public final class WatchedDatabase: Database {
    private struct Trouble {
        var code: DatabaseError.Code
        var lastFailure: ContinuousClock.Instant
    }

    private static let calm = Duration.seconds(10)

    private let database: any Database
    private let now: @Sendable () -> ContinuousClock.Instant
    private let tell: @Sendable (DatabaseError?) -> Void
    private let trouble = Mutex<Trouble?>(nil)

    /// `tell` is given the error that a trouble began with, and `nil` when it is over.
    ///
    /// It runs on any thread, one call after the other, and must not use the database.
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
            trouble.withLock { trouble in
                guard let known = trouble else { return }
                guard isWrite && known.code == .unavailable || known.lastFailure + Self.calm <= now() else { return }
                trouble = nil
                tell(nil)
            }
            return result
        } catch let error as DatabaseError where [.unavailable, .disk, .corrupt].contains(error.code) {
            trouble.withLock { trouble in
                if trouble == nil { tell(error) }
                trouble = Trouble(code: error.code, lastFailure: now())
            }
            throw error
        }
    }
}
