/// How a PostgreSQL server is used.
public struct PostgresSettings: Sendable {
    /// Connections, each with a thread of its own, that run reads; and as many more that run writes.
    public var readers: Int
    public var writers: Int
    /// Jobs that may wait for the writers, and as many for the readers.
    public var queueLimit: Int
    /// The schema whose tables are meant, made when it is missing; `nil` leaves that to the role's own setting.
    public var schema: String?
    /// Whether a schema that is missing is made; otherwise opening changes nothing.
    public var makesSchema = true
    /// What `pg_stat_activity` shows.
    public var name: String
    /// The longest that a job may wait and work when its caller sets no deadline.
    public var longestJob: Duration
    /// How long a transaction waits, with all that it has locked, for a process that may have been stopped within it.
    public var longestPause: Duration
    /// For each address, unless the URL says `connect_timeout`.
    public var connectTimeout: Duration
    /// How long jobs wait for a server that is away, counted from when it was missed first.
    public var patience: Duration
    /// How long a server that was told to stop a statement may take before its connection is dropped.
    public var stopTimeout: Duration
    /// How often a job runs again after a serialization failure, a deadlock or a lost connection.
    public var retryLimit: Int
    /// Prepared statements that a connection keeps.
    public var statementLimit: Int

    public init(
        readers: Int = 2,
        writers: Int = 2,
        queueLimit: Int = 256,
        schema: String? = nil,
        name: String = "sonde",
        longestJob: Duration = .seconds(300),
        longestPause: Duration = .seconds(300),
        connectTimeout: Duration = .seconds(5),
        patience: Duration = .seconds(10),
        stopTimeout: Duration = .seconds(1),
        retryLimit: Int = 5,
        statementLimit: Int = 200
    ) {
        self.readers = readers
        self.writers = writers
        self.queueLimit = queueLimit
        self.schema = schema
        self.name = name
        self.longestJob = longestJob
        self.longestPause = longestPause
        self.connectTimeout = connectTimeout
        self.patience = patience
        self.stopTimeout = stopTimeout
        self.retryLimit = retryLimit
        self.statementLimit = statementLimit
    }
}
