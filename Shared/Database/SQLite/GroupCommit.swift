import Synchronization

/// Makes the write jobs that wait at the same time durable together, in one transaction.
///
/// A commit costs about the same for one small change as for many: it writes every page that was touched, and waits for
/// the disk. So under load this multiplies what can be written, and with nothing waiting it changes nothing.
final class GroupCommit: Sendable {
    /// No job joins a transaction older than this.
    private static let patience = Duration.milliseconds(30)

    private let counters = Mutex(DatabaseStatistics())

    /// The counters of transactions.
    var statistics: DatabaseStatistics { counters.withLock { $0 } }

    func run(
        _ first: DatabaseJob<SQLiteConnection>,
        on connection: SQLiteConnection,
        _ next: () -> DatabaseJob<SQLiteConnection>?
    ) {
        let start = ContinuousClock.now
        let changes = connection.totalChanges
        var jobs = [first]
        do {
            let answers = try connection.transaction("BEGIN IMMEDIATE") {
                var answers = [try connection.work(first)]
                while ContinuousClock.now - start < Self.patience, let job = next() {
                    jobs.append(job)
                    answers.append(try connection.work(job))
                }
                return answers
            }
            counters.withLock { counters in
                counters.commits += 1
                counters.rowsWritten += connection.totalChanges - changes
            }
            for answer in answers { answer() }
        } catch {
            counters.withLock { $0.rollbacks += 1 }
            if jobs.count == 1 { return first.refuse(error) }
            // One of them failed and took the others along; alone each gets the answer that is its own.
            for job in jobs { run(job, on: connection) { nil } }
        }
    }
}
