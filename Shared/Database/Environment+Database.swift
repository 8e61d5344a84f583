public import Configuration

extension Environment {
    /// A SQLite file or a PostgreSQL server, as `DatabaseLocation` reads it; `DATABASE_URL` says it for all services.
    public func database(_ key: String, default fallback: String) throws(ConfigurationError) -> DatabaseLocation {
        let common = optionalString("DATABASE_URL")
        do throws(DatabaseError) {
            return try DatabaseLocation(optionalString(key) ?? common ?? fallback)
        } catch {
            throw ConfigurationError(
                "\(optionalString(key) == nil && common != nil ? "DATABASE_URL" : key): \(error.message)"
            )
        }
    }
}
