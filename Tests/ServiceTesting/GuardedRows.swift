public import Database

/// How many rows a transaction sees of each table that row-level security guards for its owner too.
///
/// That is what a statement would get that forgot to name the tenant; `tenant` is whom it has entered, `nil` for nobody.
public func guardedRows(in database: any Database, as tenant: String?) async throws -> [String: Int] {
    try await database.read(deadline: nil) { connection in
        if let tenant { try connection.enter(tenant: tenant) }
        let tables = try connection.rows(
            """
            SELECT relname FROM pg_class
            WHERE relnamespace = current_schema()::regnamespace AND relrowsecurity AND relforcerowsecurity
            """
        ) { try $0.text(0) }
        return try tables.reduce(into: [:]) { counts, table in
            counts[table] = try connection.value(SQL(trusted: "SELECT count(*) FROM \(table)")) ?? 0
        }
    }
}
