import CPostgres
import Glibc

extension PostgresLink {
    /// The oldest server whose behaviour this engine was made for.
    private static let oldestVersion = 130_000

    /// Connects; throws `.unavailable` or `.busy` when the server is away or full, `.failed` when it says no.
    ///
    /// Names are looked up by the C library, which keeps its own time.
    static func connect(
        _ url: PostgresURL,
        _ settings: PostgresSettings,
        _ stop: JobStop,
        wakeUp: WakeUp,
        canceller: PostgresCanceller
    ) throws(DatabaseError) -> PostgresLink {
        let options = options(url, settings)
        guard let handle = unsafe start(options) else { throw DatabaseError(.failed, "no memory for a connection") }
        let link = unsafe PostgresLink(
            handle,
            wakeUp: wakeUp,
            canceller: canceller,
            stopTimeout: settings.stopTimeout
        )
        unsafe CPostgres_ignore_notices(handle)
        // The words of a refusal are all that libpq gives, so they have to hold its code.
        unsafe PQsetErrorVerbosity(handle, PQERRORS_VERBOSE)
        let limit = ContinuousClock.now + (url.connectTimeout ?? settings.connectTimeout) * url.hosts
        try link.finishConnecting(by: min(limit, stop.deadline ?? limit), stop, wakeUp)
        guard link.serverVersion >= oldestVersion else {
            throw DatabaseError(.failed, "PostgreSQL \(link.serverVersion / 10_000) is too old; 13 is the oldest")
        }
        unsafe PQsetErrorVerbosity(handle, PQERRORS_DEFAULT)
        unsafe try link.check(PQsetnonblocking(handle, 1) == 0 ? 1 : 0)
        unsafe try link.check(PQenterPipelineMode(handle))
        link.start(stop)
        return link
    }

    /// Sets what all jobs have in common.
    func prepare(_ settings: PostgresSettings) throws(DatabaseError) {
        // Should this process be stopped inside of a transaction, its locks are not held for ever.
        let milliseconds = settings.longestPause / .milliseconds(1)
        var commands: [PostgresCommand] = [.run("SET idle_in_transaction_session_timeout = \(Int(milliseconds))")]
        if let schema = settings.schema { commands.append(.run("SET search_path = \(schema.quotedName)")) }
        _ = try run(commands)
    }

    /// What comes before the URL can be said otherwise by it, what comes after cannot.
    private static func options(_ url: PostgresURL, _ settings: PostgresSettings) -> [(String, String)] {
        let silence = (url.connectTimeout ?? settings.connectTimeout).components.seconds * 1_000
        return [
            ("fallback_application_name", settings.name), ("gssencmode", "disable"),
            ("keepalives_idle", "10"), ("keepalives_interval", "5"), ("keepalives_count", "3"),
            ("tcp_user_timeout", "\(max(silence, 1_000))"),
            ("dbname", url.text),
            ("client_encoding", "UTF8"),
        ]
    }

    private static func start(_ options: [(String, String)]) -> OpaquePointer? {
        let words = unsafe options.map { unsafe (strdup($0.0), strdup($0.1)) }
        defer {
            for unsafe(keyword, value) in unsafe words {
                unsafe free(keyword)
                unsafe free(value)
            }
        }
        let keywords = unsafe words.map { unsafe UnsafePointer($0.0) } + [nil]
        let values = unsafe words.map { unsafe UnsafePointer($0.1) } + [nil]
        return unsafe PQconnectStartParams(keywords, values, 1)
    }

    private func finishConnecting(
        by limit: ContinuousClock.Instant,
        _ stop: JobStop,
        _ wakeUp: WakeUp
    ) throws(DatabaseError) {
        guard unsafe PQstatus(handle) != CONNECTION_BAD else { throw refused() }
        var events = POLLOUT
        while true {
            guard ContinuousClock.now < limit else {
                throw DatabaseError(.unavailable, "the database did not answer in time")
            }
            guard !stop.isCancelled else { throw DatabaseError(.unavailable, "nobody waits for the connection") }
            var descriptors = [
                pollfd(fd: unsafe PQsocket(handle), events: Int16(events), revents: 0),
                pollfd(fd: wakeUp.descriptor, events: Int16(POLLIN), revents: 0),
            ]
            _ = unsafe poll(&descriptors, 2, limit.pollMilliseconds)
            if descriptors[1].revents != 0 { wakeUp.clear() }
            guard descriptors[0].revents != 0 else { continue }
            switch unsafe PQconnectPoll(handle) {
            case PGRES_POLLING_OK: return
            case PGRES_POLLING_READING: events = POLLIN
            case PGRES_POLLING_WRITING: events = POLLOUT
            default: throw refused()
            }
        }
    }

    /// Why the server cannot be used, with the code that its words hold if they come from it.
    private func refused() -> DatabaseError {
        let words = unsafe String(cString: PQerrorMessage(handle))
        guard let match = words.firstMatch(of: /: {2}([0-9A-Z]{5}): +([^\n]*)/) else {
            return DatabaseError(.unavailable, "the database cannot be reached (\(words.firstLine))")
        }
        let error = DatabaseError(SQLState(String(match.1)), String(match.2))
        return DatabaseError(error.code, "the database refuses the connection: \(error.message)", cause: error.cause)
    }
}
