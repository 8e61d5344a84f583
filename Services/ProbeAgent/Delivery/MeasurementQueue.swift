import Contracts

/// Measurements in small batches, oldest first; the oldest go when there is no room.
struct MeasurementQueue: Sendable {
    /// Bytes of metadata after which a batch takes no more rows.
    private static let batchMetadataBytes = 64 << 10
    /// What a row takes beside its metadata.
    private static let rowBytes = 96

    private(set) var rows = 0
    private(set) var bytes = 0
    private let maximumBytes: Int
    private let batchRows: Int
    private let origin: String
    private var batches: [MeasurementBatch] = []
    /// Where in the last batch the newest series of each check is: shorter to look up than a series, and mostly right.
    private var places: [CheckID: Int] = [:]

    init(maximumBytes: Int, batchRows: Int, origin: String) {
        self.maximumBytes = maximumBytes
        self.batchRows = batchRows
        self.origin = origin
    }

    /// Whether another row of usual size would make nothing go.
    var hasRoom: Bool { bytes + 10 * Self.rowBytes <= maximumBytes }

    /// Returns what had to go.
    mutating func append(
        _ row: MeasurementRow,
        of series: MeasurementSeries,
        by agent: AgentID
    ) -> [MeasurementBatch] {
        if !lastBatchTakes(agent) { addBatch(of: agent) }
        let last = batches.count - 1
        batches[last].columns.append(row, series: place(of: series, in: last))
        rows += 1
        bytes += Self.rowBytes + row.metadata.count
        var dropped: [MeasurementBatch] = []
        while bytes > maximumBytes, batches.count > 1 { dropped += take(1) }
        return dropped
    }

    /// The oldest batches, of at most so many bytes, but one in any case.
    mutating func takeFirst(bytes limit: Int) -> [MeasurementBatch] {
        var (count, size) = (0, 0)
        for batch in batches {
            size += Self.size(of: batch)
            if count > 0, size > limit { break }
            count += 1
        }
        return take(count)
    }

    /// Puts batches back that were taken before all that is here.
    mutating func restore(_ taken: [MeasurementBatch]) {
        batches.insert(contentsOf: taken, at: 0)
        count(taken, 1)
    }

    private mutating func take(_ count: Int) -> [MeasurementBatch] {
        let taken = Array(batches.prefix(count))
        batches.removeFirst(count)
        self.count(taken, -1)
        return taken
    }

    private mutating func count(_ batches: [MeasurementBatch], _ sign: Int) {
        for batch in batches {
            rows += sign * batch.count
            bytes += sign * Self.size(of: batch)
        }
    }

    private static func size(of batch: MeasurementBatch) -> Int {
        batch.count * rowBytes + batch.columns.metadataBytes.count
    }

    private func lastBatchTakes(_ agent: AgentID) -> Bool {
        guard let last = batches.last else { return false }
        return last.agentID == agent && last.count < batchRows
            && last.columns.metadataBytes.count < Self.batchMetadataBytes
    }

    private mutating func addBatch(of agent: AgentID) {
        batches.append(
            MeasurementBatch(agentID: agent, origin: origin, series: [], columns: MeasurementColumns())
        )
        places.removeAll(keepingCapacity: true)
    }

    private mutating func place(of series: MeasurementSeries, in batch: Int) -> Int {
        if let place = places[series.checkID] {
            if batches[batch].series[place] == series { return place }
            if let other = batches[batch].series.firstIndex(of: series) { return other }
        }
        batches[batch].series.append(series)
        places[series.checkID] = batches[batch].series.count - 1
        return batches[batch].series.count - 1
    }
}
