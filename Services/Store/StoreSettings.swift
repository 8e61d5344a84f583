public import Configuration
import Contracts
public import Database
public import JSONRPCTransport

/// What a store reads from its environment.
public struct StoreSettings: Sendable {
    public var mesh: MeshSettings
    /// Where is asked whose the checks are that agents report.
    public var orchestrator: String
    /// A SQLite file, or a PostgreSQL server.
    public var database: DatabaseLocation
    public var durability = SQLiteSettings.Durability.full
    public var ingest = IngestLimits()
    public var queries = QueryLimits()
    public var retention = RetentionSettings()
    public var compaction = CompactionSettings()
    public var telemetry = TelemetrySettings()

    public init(from environment: Environment) throws(ConfigurationError) {
        mesh = try MeshSettings("STORE", from: environment)
        orchestrator = try environment.endpoint("ORCHESTRATOR_ENDPOINT", default: "orchestrator:8443")
        database = try environment.database("STORE_DATABASE", default: "/var/lib/sonde/store.db")
        durability = try environment.choice("STORE_DURABILITY", default: durability)
        ingest.queueRows = try environment.integer(
            "STORE_QUEUE_ROWS",
            default: ingest.queueRows,
            in: 10_000...10_000_000
        )
        ingest.queueBytes = try environment.integer(
            "STORE_QUEUE_BYTES",
            default: ingest.queueBytes,
            in: 8 << 20...4 << 30
        )
        // More than compaction waits for, or it would not begin.
        ingest.headRows = try environment.integer(
            "STORE_HEAD_ROWS",
            default: ingest.headRows,
            in: 2 * compaction.rows...100_000_000
        )
        ingest.headBytes = try environment.integer(
            "STORE_HEAD_BYTES",
            default: ingest.headBytes,
            in: 2 * compaction.bytes...64 << 30
        )
        ingest.series = try environment.integer("STORE_MAX_SERIES", default: ingest.series, in: 1...10_000_000)
        queries.rows = try environment.integer("STORE_QUERY_ROWS", default: queries.rows, in: 1_000...1_000_000_000)
        queries.time = try environment.duration(
            "STORE_QUERY_TIMEOUT",
            default: queries.time,
            in: .milliseconds(100) ... .seconds(300)
        )
        retention.rows = try environment.duration(
            "STORE_RETENTION",
            default: retention.rows,
            in: .seconds(3_600) ... .seconds(3_650 * 86_400)
        )
        let longest = Duration.seconds(36_500 * 86_400)
        retention.minutes = try environment.duration(
            "STORE_MINUTE_RETENTION",
            default: max(retention.minutes, retention.rows),
            in: retention.rows...longest
        )
        retention.hours = try environment.duration(
            "STORE_HOUR_RETENTION",
            default: max(retention.hours, retention.minutes),
            in: retention.minutes...longest
        )
        retention.days = try environment.duration(
            "STORE_DAY_RETENTION",
            default: max(retention.days, retention.hours),
            in: retention.hours...longest
        )
        retention.events = try environment.duration(
            "STORE_EVENT_RETENTION",
            default: retention.events,
            in: .seconds(60) ... .seconds(31 * 86_400)
        )
        telemetry = try TelemetrySettings(from: environment)
    }

    /// The writers take turns anyway; more than one keeps what is small from waiting for what is not.
    public var postgres: PostgresSettings {
        PostgresSettings(readers: 4, writers: 3, schema: "store", name: "sonde store")
    }

    /// A log of 64 MiB: a page that several transactions touch goes back into the file once.
    public var sqlite: SQLiteSettings {
        SQLiteSettings(durability: durability, cacheKibibytes: 65_536, checkpointPages: 16_000)
    }
}

/// What may wait to be stored, and be stored.
public struct IngestLimits: Sendable {
    /// Rows that wait, before senders are told to come back later.
    public var queueRows = 100_000
    /// Bytes of JSON that wait.
    public var queueBytes = 64 << 20
    /// Rows that one transaction takes from the queue; more only when a single batch has more.
    public var transactionRows = 20_000
    /// Rows in memory that are not in chunks yet, and their bytes, before senders are told to come back later.
    public var headRows = 500_000
    public var headBytes = 128 << 20
    /// Different checks as seen by different agents, over all time.
    public var series = 100_000
    /// Bytes of one row's metadata.
    public var metadataBytes = 4_096
    /// How far a row's time may lie in the future, for agents whose clock is fast.
    public var clockAhead = Duration.seconds(3_600)

    public init() {}
}

/// What one query may cost.
public struct QueryLimits: Sendable {
    /// Rows that are looked at.
    public var rows = 5_000_000
    public var time = Duration.seconds(10)
    /// From the beginning to the end of a span of rows, and of one of sums.
    public var span = Duration.seconds(31 * 86_400)
    public var sumSpan = Duration.seconds(3_660 * 86_400)
    /// Points of all lines of a timeline.
    public var timelinePoints = 100_000
    /// Rows of `measurement.latest`.
    public var latestRows = 10_000
    /// Targets that a stream can be limited to.
    public var followedTargets = 1_000

    public init() {}
}

/// How long what is kept, at the longest: a tenant may have less.
public struct RetentionSettings: Sendable {
    /// Rows themselves; like all of these, whole days in UTC.
    public var rows = Duration.seconds(30 * 86_400)
    /// What they were, minute by minute, hour by hour, and day by day.
    public var minutes = Duration.seconds(90 * 86_400)
    public var hours = Duration.seconds(400 * 86_400)
    public var days = Duration.seconds(3_650 * 86_400)
    /// How far back a stream can begin.
    public var events = Duration.seconds(25 * 3_600)
    /// How often is looked for what is too old.
    public var interval = Duration.seconds(60)

    public init() {}
}

/// When rows move from the log into chunks.
public struct CompactionSettings: Sendable {
    /// Rows and bytes in memory.
    public var rows = 100_000
    public var bytes = 32 << 20
    /// However few rows there are.
    public var interval = Duration.seconds(300)
    /// Rows that one transaction moves, about.
    public var rowsAtOnce = 10_000
    /// Of Zstandard.
    public var level = 3

    public init() {}
}
