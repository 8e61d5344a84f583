/// One result by itself, without what its series says.
public struct MeasurementRow: Equatable, Sendable {
    /// The most requests that one run may send.
    public static let maximumSent = 100_000

    public var id: UUIDv7
    public var timestamp: Timestamp
    /// Milliseconds; the mean, when several requests were answered.
    public var latency: Double?
    public var status: MeasurementStatus
    public var reason: FailureReason
    /// Requests or packets that were sent.
    public var sent: Int
    /// Those of them that were answered.
    public var received: Int
    /// A JSON value.
    public var metadata: [UInt8]

    /// One request, answered when it has a latency, unless said otherwise.
    public init(
        id: UUIDv7,
        timestamp: Timestamp,
        latency: Double?,
        status: MeasurementStatus,
        reason: FailureReason,
        sent: Int = 1,
        received: Int? = nil,
        metadata: [UInt8] = Array("{}".utf8)
    ) {
        self.id = id
        self.timestamp = timestamp
        self.latency = latency
        self.status = status
        self.reason = reason
        self.sent = sent
        self.received = received ?? (latency == nil ? 0 : 1)
        self.metadata = metadata
    }
}

extension MeasurementColumns {
    public mutating func append(_ row: MeasurementRow, series: Int) {
        self.series.append(series)
        id.append(row.id)
        timestamp.append(row.timestamp.microseconds)
        latency.append(row.latency ?? .nan)
        status.append(row.status)
        reason.append(row.reason)
        sent.append(row.sent)
        received.append(row.received)
        metadataBytes.append(contentsOf: row.metadata)
        metadataEnd.append(metadataBytes.count)
    }

    /// Row `index` by itself.
    public subscript(row index: Int) -> MeasurementRow {
        MeasurementRow(
            id: id[index],
            timestamp: Timestamp(microseconds: timestamp[index]),
            latency: latency[index].isNaN ? nil : latency[index],
            status: status[index],
            reason: reason[index],
            sent: sent[index],
            received: received[index],
            metadata: Array(metadata(index))
        )
    }

    /// The rows that `place` gives a series, in their order.
    public func filtered(_ place: (_ row: Int) -> Int?) -> Self {
        var kept = Self()
        for row in 0..<count {
            if let series = place(row) { kept.append(self[row: row], series: series) }
        }
        return kept
    }
}
