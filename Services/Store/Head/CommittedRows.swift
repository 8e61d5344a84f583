import Contracts

/// What one commit added, of any series of one tenant.
struct CommittedRows: Sendable {
    /// Its place among the commits of all tenants.
    let cursor: Int
    let tenant: TenantID
    /// Its place among those of its tenant, who learns nothing of how many others there are.
    let number: Int
    /// Their `series` are the numbers that the database has for them.
    let rows: MeasurementColumns
}
