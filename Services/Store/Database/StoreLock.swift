import Database

/// What only one store at a time does, of those that share a database.
enum StoreLock: String {
    /// Adding to the log, so that commits have an order in which they become visible.
    case log
    /// Changing chunks and roll-ups.
    case chunks
}

extension DatabaseConnection {
    /// Keeps other stores from what `lock` is about until the transaction ends; SQLite has one writer anyway.
    func take(_ lock: StoreLock) throws {
        guard engine == .postgres else { return }
        let name = "sonde store \(lock.rawValue) "
        try execute("SELECT pg_advisory_xact_lock(hashtextextended(\(name) || current_schema(), 0))")
    }
}
