import Contracts
import Database

/// Days of the table of chunks, each a partition where the engine has those: a day that is too old goes as a whole.
extension Database {
    /// Partitions of yesterday to the day after tomorrow, so that no writer has to wait for one.
    func addPartitions(around now: Timestamp) async throws {
        let today = RollupStep.day.index(of: now.microseconds)
        try await addPartitions(for: Set(today - 1...today + 2))
    }

    /// Makes what is missing for some days.
    func addPartitions(for days: Set<Int64>) async throws {
        guard engine == .postgres else { return }
        let missing = try await read { days.subtracting(try $0.partitionDays()) }
        for day in missing.sorted() {
            _ = try await write { connection in
                try connection.take(.chunks)
                let name = "chunk_\(day)"
                try connection.executeAll([
                    SQL(
                        trusted:
                            "CREATE TABLE IF NOT EXISTS \(name) PARTITION OF chunk FOR VALUES FROM (\(day)) TO (\(day + 1))"
                    ),
                    // Nobody reads it by its own name.
                    SQL(trusted: "ALTER TABLE \(name) ENABLE ROW LEVEL SECURITY"),
                    SQL(trusted: "ALTER TABLE \(name) FORCE ROW LEVEL SECURITY"),
                ])
            }
        }
    }

    /// Lets days go that have no rows any more.
    func dropPartitions(upTo last: Int64) async throws {
        guard engine == .postgres else { return }
        let old = try await read { try $0.partitionDays().filter { $0 <= last } }
        for day in old {
            _ = try await write { connection in
                try connection.take(.chunks)
                return try connection.execute(SQL(trusted: "DROP TABLE IF EXISTS chunk_\(day)"))
            }
        }
    }
}

extension DatabaseConnection {
    fileprivate func partitionDays() throws -> [Int64] {
        let names = try rows(
            """
            SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
            WHERE i.inhparent = to_regclass('chunk')
            """
        ) { row in try row.text(0) }
        return names.compactMap { Int64($0.dropFirst("chunk_".count)) }
    }
}
