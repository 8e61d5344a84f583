/// Which database a service uses, as its settings say it.
public enum DatabaseLocation: Sendable, CustomStringConvertible {
    case sqlite(path: String)
    case postgres(PostgresURL)

    /// `postgres://…` or `postgresql://…` is a server, `sqlite:PATH` and anything else a file.
    ///
    /// Throws `.failed` with one line that says what is wrong, and nothing of a password.
    public init(_ text: String) throws(DatabaseError) {
        if text.hasPrefix("postgres:") || text.hasPrefix("postgresql:") {
            self = .postgres(try PostgresURL(text))
        } else {
            let path = text.hasPrefix("sqlite:") ? String(text.dropFirst("sqlite:".count)) : text
            guard !path.isEmpty, !path.hasPrefix("//"), !path.contains("://") else {
                throw DatabaseError(.failed, "a database is a file's path, sqlite:PATH or postgres://…")
            }
            self = .sqlite(path: path)
        }
    }

    /// Without a password.
    public var description: String {
        switch self {
        case .sqlite(let path): path
        case .postgres(let url): url.description
        }
    }
}

/// Opens a database with the engine that its location asks for.
public func openDatabase(
    at location: DatabaseLocation,
    sqlite: SQLiteSettings = SQLiteSettings(),
    postgres: PostgresSettings = PostgresSettings()
) async throws -> any Database {
    switch location {
    case .sqlite(let path): try await SQLiteDatabase.open(path, sqlite)
    case .postgres(let url): try await PostgresDatabase.open(url, postgres)
    }
}

/// The same database with one connection of its own to read and one to write, for what must not wait behind other work;
/// with SQLite, whose file is open once, `database` itself.
public func openAgain(
    _ database: any Database,
    at location: DatabaseLocation,
    _ settings: PostgresSettings
) async throws -> any Database {
    guard case .postgres(let url) = location else { return database }
    var own = settings
    (own.readers, own.writers) = (1, 1)
    return try await PostgresDatabase.open(url, own)
}
