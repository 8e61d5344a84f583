import Contracts

/// What the rows of one check as one agent sees it have in common; renaming a target or an agent begins a new series.
struct SeriesKey: Hashable, Sendable {
    var tenant: String
    var agentID: AgentID
    /// The agent's name.
    var origin: String
    var series: MeasurementSeries
}

/// A check as one agent sees it, whatever things were called.
struct Vantage: Hashable, Sendable {
    var checkID: CheckID
    var agentID: AgentID
}

/// A series and the number it has in the database, from 1 on and without gaps.
struct SeriesRecord: Sendable {
    var id: Int
    var key: SeriesKey

    var vantage: Vantage { Vantage(checkID: key.series.checkID, agentID: key.agentID) }
}

/// A row by itself, without what its series says.
struct SeriesRow: Sendable {
    var timestamp: Int64
    var id: UUIDv7
    /// Milliseconds.
    var latency: Double?
    var status: MeasurementStatus
    var reason: FailureReason
    /// JSON.
    var metadata: [UInt8]

    /// Whether this comes after `other` in the order of time.
    func isNewer(than other: SeriesRow) -> Bool {
        (timestamp, id) > (other.timestamp, other.id)
    }
}
