import Contracts

/// What the rows of one check as one agent sees it have in common; another name or interval begins a new series.
struct SeriesKey: Hashable, Sendable {
    var tenant: TenantID
    var agentID: AgentID
    /// The agent's name.
    var origin: String
    var series: MeasurementSeries
}

extension SeriesKey {
    var tenantTarget: TenantTarget { TenantTarget(tenant: tenant, target: series.targetID) }

    var reportedCheck: ReportedCheck {
        ReportedCheck(agentID: agentID, checkID: series.checkID, targetID: series.targetID)
    }
}

/// A target; files may name those of others.
struct TenantTarget: Hashable, Sendable {
    var tenant: TenantID
    var target: TargetID
}

/// What an agent says it has measured.
struct ReportedCheck: Hashable, Sendable {
    var agentID: AgentID
    var checkID: CheckID
    var targetID: TargetID
}

/// A check, or one endpoint of it, as one agent sees it, whatever things were called.
struct Vantage: Hashable, Sendable {
    var checkID: CheckID
    var agentID: AgentID
    var type: CheckType
    var endpoint: String
}

/// What the canonical row says of its series.
struct SeriesName: Hashable, Sendable {
    var tenant: TenantID
    var target: String
    var type: CheckType
    var origin: String
}

/// A series and the number it has in the database, from 1 on and without gaps.
struct SeriesRecord: Sendable {
    var id: Int
    var key: SeriesKey
    /// The time of the first row that came.
    var firstAt: Int64
    /// Whether an agent reported it that was to; a file may say anything.
    var isVerified: Bool

    /// Whether its target was removed; names that others had are gone with it.
    var isNameless: Bool { key.series.targetID.rawValue.isEmpty }

    var name: SeriesName {
        SeriesName(tenant: key.tenant, target: key.series.target, type: key.series.type, origin: key.origin)
    }

    var vantage: Vantage {
        Vantage(
            checkID: key.series.checkID,
            agentID: key.agentID,
            type: key.series.type,
            endpoint: key.series.endpoint
        )
    }
}

extension MeasurementRow {
    /// Whether this comes after `other` in the order of time.
    func isNewer(than other: MeasurementRow) -> Bool {
        (timestamp, id) > (other.timestamp, other.id)
    }
}
