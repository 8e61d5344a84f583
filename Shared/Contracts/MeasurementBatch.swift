import JSON

/// Many results of one agent, column by column.
///
/// On the wire: `{"agent_id":…,"origin":…,"series":[…],"columns":{…}}`; row `i` is element `i` of every column, and
/// its `series` is an index into `series`.
public struct MeasurementBatch: Equatable, Sendable {
    /// Measurements a batch may hold.
    public static let maximumRows = 10_000

    public var agentID: AgentID
    /// The agent's name.
    public var origin: String
    public var series: [MeasurementSeries]
    public var columns: MeasurementColumns

    public init(agentID: AgentID, origin: String, series: [MeasurementSeries], columns: MeasurementColumns) {
        self.agentID = agentID
        self.origin = origin
        self.series = series
        self.columns = columns
    }

    public var count: Int { columns.count }

    /// Row `index` by itself.
    public func row(_ index: Int) -> Measurement {
        let series = series[columns.series[index]]
        let latency = columns.latency[index]
        return Measurement(
            id: Identifier(rawValue: columns.id[index].description),
            timestamp: Timestamp(microseconds: columns.timestamp[index]),
            target: series.target,
            type: series.type.rawValue,
            latencyMilliseconds: latency.isNaN ? nil : latency,
            status: columns.status[index].name,
            metadata: (try? JSONValue(json: columns.metadata(index))) ?? .null,
            origin: origin,
            targetID: series.targetID,
            checkID: series.checkID,
            agentID: agentID,
            reason: columns.reason[index].name
        )
    }
}

/// What the rows of one check have in common.
public struct MeasurementSeries: Hashable, Sendable {
    public var checkID: CheckID
    public var targetID: TargetID
    /// The target's name.
    public var target: String
    public var type: CheckType

    public init(checkID: CheckID, targetID: TargetID, target: String, type: CheckType) {
        self.checkID = checkID
        self.targetID = targetID
        self.target = target
        self.type = type
    }
}

/// The columns of a batch; all of one length.
public struct MeasurementColumns: Equatable, Sendable {
    /// An index into the batch's series.
    public var series: [Int] = []
    public var id: [UUIDv7] = []
    /// Microseconds since 1970 in UTC.
    public var timestamp: [Int64] = []
    /// Milliseconds; NaN when nothing came back (null on the wire).
    public var latency: [Double] = []
    public var status: [MeasurementStatus] = []
    public var reason: [FailureReason] = []
    /// The metadata of all rows, each a JSON value, end to end.
    public var metadataBytes: [UInt8] = []
    /// Where in `metadataBytes` each row's metadata ends.
    public var metadataEnd: [Int] = []

    public init() {}

    public var count: Int { series.count }

    /// The metadata of row `index` as JSON text.
    public func metadata(_ index: Int) -> ArraySlice<UInt8> {
        metadataBytes[(index == 0 ? 0 : metadataEnd[index - 1])..<metadataEnd[index]]
    }

    public mutating func append(
        series: Int,
        id: UUIDv7,
        timestamp: Timestamp,
        latency: Double?,
        status: MeasurementStatus,
        reason: FailureReason,
        metadata: some Collection<UInt8>
    ) {
        self.series.append(series)
        self.id.append(id)
        self.timestamp.append(timestamp.microseconds)
        self.latency.append(latency ?? .nan)
        self.status.append(status)
        self.reason.append(reason)
        metadataBytes.append(contentsOf: metadata)
        metadataEnd.append(metadataBytes.count)
    }

    public static func == (left: Self, right: Self) -> Bool {
        left.series == right.series && left.id == right.id && left.timestamp == right.timestamp
            && left.latency.map(\.bitPattern) == right.latency.map(\.bitPattern) && left.status == right.status
            && left.reason == right.reason && left.metadataBytes == right.metadataBytes
            && left.metadataEnd == right.metadataEnd
    }
}
