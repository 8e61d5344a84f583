/// A thread's place at the server: runs jobs on a connection, which it makes anew when it broke.
final class PostgresSession {
    /// What a thread's jobs do.
    enum Role {
        case reads, writes

        var begin: String {
            switch self {
            case .reads: "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
            case .writes: "BEGIN ISOLATION LEVEL READ COMMITTED"
            }
        }
    }

    private static let longestPause = Duration.seconds(2)

    private let url: PostgresURL
    private let settings: PostgresSettings
    private let role: Role
    private let shared: PostgresShared
    private let wakeUp: WakeUp
    private var connection: PostgresConnection?
    private var outage: Outage?

    /// A time during which no connection could be made.
    private struct Outage {
        let since = ContinuousClock.now
        var attempts = 0
        var next = ContinuousClock.now
        var error: DatabaseError
    }

    init(_ url: PostgresURL, _ settings: PostgresSettings, _ role: Role, _ shared: PostgresShared) throws(DatabaseError)
    {
        self.url = url
        self.settings = settings
        self.role = role
        self.shared = shared
        wakeUp = try WakeUp()
    }

    /// Does a job, as often as needed, and answers it.
    func run(_ job: DatabaseJob<PostgresSession>) {
        job.stop.whenCancelled { [wakeUp] in wakeUp.post() }
        defer { job.stop.whenCancelled(nil) }
        var attempts = 0
        while true {
            do {
                if let reason = job.stop.reason { throw reason }
                try connect(for: job.stop)
                return try attempt(job)
            } catch let error as Again where attempts < settings.retryLimit && job.stop.reason == nil {
                attempts += 1
                if error.waits { wakeUp.wait(until: .now + Self.pause(attempts, from: .milliseconds(4))) }
            } catch {
                return job.refuse((error as? Again)?.cause ?? error)
            }
        }
    }

    /// What a job has of the session while it runs.
    func use<T>(_ body: (any DatabaseConnection) throws -> T) throws -> T {
        guard let connection else { throw DatabaseError(.failed, "a job runs without a connection") }
        return try body(connection)
    }

    /// A job that had no effect, and may have one if it runs again.
    private struct Again: Error {
        let cause: any Error
        var waits = true
    }

    /// Does a job once, and answers it if that succeeds.
    private func attempt(_ job: DatabaseJob<PostgresSession>) throws {
        guard let connection else { return }
        connection.begin(role.begin, job.stop)
        do {
            let answer = try job.work(self)
            if role == .reads, connection.failure == nil {
                // A snapshot's values are true whether or not its end is heard of.
                answer()
                end(connection)
                return shared.countCommit(rows: 0)
            }
            if let reason = job.stop.reason { throw reason }
            try connection.commit()
            shared.countCommit(rows: connection.rowsChanged)
            answer()
        } catch {
            end(connection)
            shared.countRollback()
            throw judge(error, of: connection, job.stop)
        }
    }

    private func end(_ connection: PostgresConnection) {
        connection.rollBack()
        if connection.link.isBroken { self.connection = nil }
    }

    /// What an error means for the job: to run again, or to be told this one or another.
    private func judge(_ error: any Error, of connection: PostgresConnection, _ stop: JobStop) -> any Error {
        if connection.isOutcomeUnknown { return error }
        if let reason = stop.reason { return reason }
        guard let failure = connection.failure else {
            return connection.link.isBroken ? Again(cause: error, waits: false) : error
        }
        if connection.link.isBroken { return Again(cause: error, waits: false) }
        guard let state = failure.sqlState else { return error }
        if state.isSerialization { return Again(cause: error) }
        if state.isStalePlan {
            self.connection = nil
            return Again(cause: error, waits: false)
        }
        guard state == .readOnly else { return error }
        // A reader's job is wrong to write; a writer's has found a server that has become another one's standby.
        guard role == .writes else { return DatabaseError(.failed, failure.message, cause: state) }
        self.connection = nil
        return Again(cause: error)
    }

    /// Sees to it that there is a connection, or throws why there is none.
    private func connect(for stop: JobStop) throws {
        if let connection, !connection.link.isStale() { return }
        connection = nil
        while true {
            if let outage { try wait(outage, stop) }
            do throws(DatabaseError) {
                let link = try PostgresLink.connect(url, settings, stop, wakeUp: wakeUp, canceller: shared.canceller)
                try link.prepare(settings)
                connection = PostgresConnection(link, statementLimit: settings.statementLimit)
                outage = nil
                return
            } catch {
                // What a job has no time for says nothing of the server.
                if let reason = stop.reason, outage == nil || stop.isCancelled { throw reason }
                var outage = outage ?? Outage(error: error)
                outage.attempts += 1
                outage.next = .now + Self.pause(outage.attempts, from: .milliseconds(25))
                outage.error = error
                self.outage = outage
                // Waiting does not help against a wrong password.
                guard error.code == .unavailable || error.code == .busy else { throw error }
            }
        }
    }

    /// Waits until the next attempt at a connection; throws when the job or the server has had its time.
    private func wait(_ outage: Outage, _ stop: JobStop) throws {
        let end = min(outage.since + settings.patience, stop.deadline ?? outage.next)
        guard outage.next > .now else { return }
        guard outage.next <= end else { throw outage.error }
        while outage.next > .now {
            if stop.isCancelled { throw CancellationError() }
            wakeUp.wait(until: outage.next)
        }
    }

    /// Between a half and all of a time that doubles with each attempt, so that clients do not come back together.
    private static func pause(_ attempt: Int, from first: Duration) -> Duration {
        let whole = min(first * (1 << min(attempt, 10)), longestPause)
        return whole * Double.random(in: 0.5...1)
    }
}
