/// The statements that a connection has prepared, by their text and the types of their values.
struct PreparedStatements {
    private struct Key: Hashable {
        let text: String
        let types: [UInt32]
    }

    private struct Entry {
        let name: String
        let placeholders: Int
        var lastUse: Int
    }

    private let limit: Int
    private var entries: [Key: Entry] = [:]
    private var uses = 0
    private var prepared = 0

    init(limit: Int) { self.limit = limit }

    /// What runs a statement: one command, and before it those that prepare it if it is new.
    ///
    /// Throws `.failed` when it has more values or fewer than placeholders.
    mutating func commands(for sql: SQL) throws(DatabaseError) -> [PostgresCommand] {
        let parameters = try PostgresParameters(sql.values)
        let key = Key(text: sql.text, types: parameters.types)
        uses += 1
        if let entry = entries[key] {
            entries[key]?.lastUse = uses
            return [.execute(name: entry.name, parameters)]
        }
        let statement = Placeholders(sql.text)
        guard statement.count == sql.values.count else {
            throw DatabaseError(.failed, "\(sql.values.count) values for \(statement.count) placeholders")
        }
        var commands = evict()
        prepared += 1
        let entry = Entry(name: "sonde_\(prepared)", placeholders: statement.count, lastUse: uses)
        entries[key] = entry
        commands.append(.prepare(name: entry.name, text: statement.text, parameters))
        commands.append(.execute(name: entry.name, parameters))
        return commands
    }

    /// Forgets a statement that was not prepared after all.
    mutating func forget(_ name: String) {
        entries = entries.filter { $0.value.name != name }
    }

    /// Makes room for one more.
    private mutating func evict() -> [PostgresCommand] {
        guard entries.count >= limit, let oldest = entries.min(by: { $0.value.lastUse < $1.value.lastUse }) else {
            return []
        }
        entries[oldest.key] = nil
        return [.run("DEALLOCATE \(oldest.value.name)")]
    }
}
