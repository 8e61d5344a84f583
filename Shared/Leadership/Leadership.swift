public import Database
public import Observability

/// The right to be the one process that leads, of several that share a database.
///
/// Nobody's clock is trusted. The leader writes again and again that it is there; whoever has seen nothing new for a whole
/// lease takes the next term. A leader that was only slow, or stopped and continued, finds its writes refused: each first
/// reads, and holds, the number of the term.
///
/// SQLite's file is one process's own, which leads at once.
public struct Leadership: Sendable {
    /// Looks, and signs of life, in a lease.
    static let beats = 5
    /// What is waited for to pass.
    private static let passing: [DatabaseError.Code] = [.unavailable, .busy, .deadlineExceeded, .disk]

    let database: any Database
    /// The same on connections of its own: signs of life do not wait behind other work.
    let signs: any Database
    /// What is led.
    let name: String
    /// Who asks, for people to read.
    let holder: String
    let lease: Duration
    let clock: any Clock<Duration>
    let log: Log

    /// `signs` is the same database on connections of its own; `lease` is how long a leader may be silent before another one takes its place.
    public init(
        of name: String,
        in database: any Database,
        signs: (any Database)? = nil,
        holder: String,
        lease: Duration,
        clock: any Clock<Duration>,
        log: Log
    ) {
        self.database = database
        self.signs = signs ?? database
        self.name = name
        self.holder = holder
        self.lease = lease
        self.clock = clock
        self.log = log
    }

    /// Waits until this process leads, for as long as another one does.
    ///
    /// Throws `CancellationError`; an unreachable database is waited for.
    public func campaign() async throws -> Term {
        guard database.engine == .postgres else { return Term(0, of: self) }
        var seen: Standing?
        var quietBeats = 0
        var (isPrepared, isTold) = (false, false)
        while true {
            do {
                if !isPrepared { try await prepare() }
                isPrepared = true
                let standing = try await standing()
                quietBeats = standing == seen ? quietBeats + 1 : 0
                seen = standing
                if standing.isVacant || quietBeats > Self.beats {
                    if let term = try await take(after: standing) { return term }
                } else if !isTold {
                    isTold = true
                    log.info("stands by", ["leader": standing.holder, "term": "\(standing.term)"])
                }
            } catch let error as DatabaseError where Self.passing.contains(error.code) {
                // What was not seen was not quiet.
                (seen, quietBeats) = (nil, 0)
                log.warning("cannot see who leads", ["error": "\(error)"])
            }
            try await clock.sleep(for: lease / Self.beats)
        }
    }

    /// Who leads, and the last sign of it.
    private struct Standing: Equatable {
        var term: Int
        var holder: String
        var beat: Int

        var isVacant: Bool { holder.isEmpty }
    }

    /// Makes the table, which is no part of a service's schema: whoever stands by leaves that to the leader.
    private func prepare() async throws {
        try await signs.write(deadline: .now.advanced(by: lease)) { [name] connection in
            // Two processes that make the same table at once would be in each other's way.
            try connection.execute("SELECT pg_advisory_xact_lock(hashtextextended('leadership', 0))")
            try connection.execute(
                """
                CREATE TABLE IF NOT EXISTS leadership (
                    name TEXT PRIMARY KEY, term BIGINT NOT NULL, holder TEXT NOT NULL)
                """
            )
            // Apart from it, since each transaction of the leader keeps that row.
            try connection.execute(
                "CREATE TABLE IF NOT EXISTS leadership_beat (name TEXT PRIMARY KEY, beat BIGINT NOT NULL)"
            )
            try connection.execute("INSERT INTO leadership VALUES (\(name), 0, '') ON CONFLICT (name) DO NOTHING")
            _ = try connection.execute(
                "INSERT INTO leadership_beat VALUES (\(name), 0) ON CONFLICT (name) DO NOTHING"
            )
        }
    }

    private func standing() async throws -> Standing {
        let standing = try await signs.read(deadline: .now.advanced(by: lease)) { [name] connection in
            try connection.first(
                """
                SELECT term, holder, beat FROM leadership JOIN leadership_beat ON leadership_beat.name = leadership.name
                WHERE leadership.name = \(name)
                """
            ) { Standing(term: try $0[0], holder: try $0.text(1), beat: try $0[2]) }
        }
        guard let standing else { throw DatabaseError(.failed, "nothing is known of who leads \(name)") }
        return standing
    }

    /// Begins the next term, unless somebody else has, or the leader has given a sign of life.
    private func take(after standing: Standing) async throws -> Term? {
        let (name, holder) = (name, holder)
        let isTaken = try await signs.write(deadline: .now.advanced(by: lease)) { connection in
            try connection.execute(
                """
                UPDATE leadership SET term = term + 1, holder = \(holder)
                WHERE name = \(name) AND term = \(standing.term) AND holder = \(standing.holder)
                    AND \(standing.beat) = (SELECT beat FROM leadership_beat WHERE name = \(name))
                """
            ) == 1
        }
        return isTaken ? Term(standing.term + 1, of: self) : nil
    }
}
