/// Row-level security of PostgreSQL: a transaction sees and writes the rows of the tenant it has entered, all rows when
/// that is `*`, and none while it has entered nobody.
///
/// It holds for the owner of the tables too, and for nobody who is a superuser or has `BYPASSRLS`.
public enum RowGuard {
    /// The name that a service enters for what it does on its own behalf; no token can name it.
    public static let everyTenant = "*"

    /// What guards a table, by its column `tenant`, or by a condition under which a row is one that can be seen.
    public static func statements(for table: String, where condition: String? = nil) -> [SQL] {
        let entered = "current_setting('sonde.tenant', true)"
        let rule =
            condition.map { "\(entered) = '\(everyTenant)' OR \($0)" } ?? "\(entered) IN (tenant, '\(everyTenant)')"
        return [
            SQL(trusted: "ALTER TABLE \(table) ENABLE ROW LEVEL SECURITY"),
            SQL(trusted: "ALTER TABLE \(table) FORCE ROW LEVEL SECURITY"),
            SQL(trusted: "DROP POLICY IF EXISTS tenant_rows ON \(table)"),
            SQL(trusted: "CREATE POLICY tenant_rows ON \(table) USING (\(rule)) WITH CHECK (\(rule))"),
        ]
    }
}
