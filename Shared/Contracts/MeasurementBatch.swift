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

    /// Row `index` as the API shows it.
    public func row(_ index: Int) -> Measurement {
        Measurement(columns[row: index], of: series[columns.series[index]], by: agentID, origin: origin)
    }
}

/// What the rows of one check, or of one endpoint of it, have in common.
public struct MeasurementSeries: Hashable, Sendable {
    public var checkID: CheckID
    public var targetID: TargetID
    /// The target's name.
    public var target: String
    public var type: CheckType
    /// Which part of the target it is about, when several are told apart: `ipv4`, `ipv6`, or an address; else empty.
    public var endpoint: String
    /// How often a row is to come; `nil` for rows that something else causes, such as a failure's trace.
    public var intervalMilliseconds: Int?

    public init(
        checkID: CheckID,
        targetID: TargetID,
        target: String,
        type: CheckType,
        endpoint: String = "",
        intervalMilliseconds: Int? = nil
    ) {
        self.checkID = checkID
        self.targetID = targetID
        self.target = target
        self.type = type
        self.endpoint = endpoint
        self.intervalMilliseconds = intervalMilliseconds
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
    /// Requests that were sent, and those of them that were answered.
    public var sent: [Int] = []
    public var received: [Int] = []
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

    public static func == (left: Self, right: Self) -> Bool {
        left.series == right.series && left.id == right.id && left.timestamp == right.timestamp
            && left.latency.map(\.bitPattern) == right.latency.map(\.bitPattern) && left.status == right.status
            && left.reason == right.reason && left.sent == right.sent && left.received == right.received
            && left.metadataBytes == right.metadataBytes && left.metadataEnd == right.metadataEnd
    }
}
