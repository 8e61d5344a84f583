import Contracts

/// What one commit added, of any series.
struct CommittedRows: Sendable {
    let cursor: Int
    /// Their `series` are the numbers that the database has for them.
    let rows: MeasurementColumns
}
