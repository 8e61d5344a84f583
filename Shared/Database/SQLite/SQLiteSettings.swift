/// How a SQLite file is used.
public struct SQLiteSettings: Sendable {
    /// What a commit outlives.
    public enum Durability: String, Sendable, Codable, CaseIterable {
        /// The end of the process by any means. A power cut may take the last commits, never the database.
        case normal
        /// A power cut too: each commit waits for the disk.
        case full
    }

    public var durability: Durability
    /// Jobs that may wait for the writer, and as many for the reader.
    public var queueLimit: Int
    public var cacheKibibytes: Int
    /// Pages of 4 KiB in the write-ahead log after which a commit brings them back into the file.
    public var checkpointPages: Int

    public init(
        durability: Durability = .full,
        queueLimit: Int = 256,
        cacheKibibytes: Int = 16_384,
        checkpointPages: Int = 8_000
    ) {
        self.durability = durability
        self.queueLimit = queueLimit
        self.cacheKibibytes = cacheKibibytes
        self.checkpointPages = checkpointPages
    }
}

extension SQLiteConnection {
    /// Connects and configures; throws `.corrupt` when the file is no database.
    convenience init(path: String, settings: SQLiteSettings, isWriter: Bool) throws(DatabaseError) {
        try self.init(path: path)
        try execute("PRAGMA busy_timeout = 5000")
        try execute("PRAGMA foreign_keys = ON")
        try execute("PRAGMA temp_store = MEMORY")
        try execute(SQL(trusted: "PRAGMA cache_size = -\(settings.cacheKibibytes)"))
        if isWriter {
            try execute("PRAGMA journal_mode = WAL")
            try execute(SQL(trusted: "PRAGMA synchronous = \(settings.durability.rawValue)"))
            try execute(SQL(trusted: "PRAGMA wal_autocheckpoint = \(settings.checkpointPages)"))
            try execute("PRAGMA journal_size_limit = 67108864")
            // Debian's build overwrites what is deleted with zeros by default, at the price of more writing.
            try execute("PRAGMA secure_delete = OFF")
        } else {
            try execute("PRAGMA wal_autocheckpoint = 0")
            try execute("PRAGMA query_only = ON")
        }
        // Opening reads nothing; this finds out whether the file is a database.
        try execute("SELECT count(*) FROM sqlite_schema")
    }
}
