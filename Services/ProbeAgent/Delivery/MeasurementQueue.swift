import Contracts

/// Measurements in the batches in which they will be sent, oldest first; the oldest batch goes when there is no room.
struct MeasurementQueue: Sendable {
    /// Bytes of metadata after which a batch takes no more rows, well below the 8 MiB that the store reads at once.
    private static let batchMetadataBytes = 2 << 20
    /// What a row takes beside its metadata.
    private static let rowBytes = 96

    private(set) var rows = 0
    private(set) var bytes = 0
    private(set) var dropped = 0
    private let maximumBytes: Int
    private let batchRows: Int
    private let origin: String
    private var batches: [MeasurementBatch] = []
    /// Where in the last batch's series each check is.
    private var places: [CheckID: Int] = [:]

    init(maximumBytes: Int, batchRows: Int, origin: String) {
        self.maximumBytes = maximumBytes
        self.batchRows = batchRows
        self.origin = origin
    }

    mutating func append(_ row: MeasurementRow, of series: MeasurementSeries, by agent: AgentID) {
        if !lastBatchTakes(agent) { addBatch(of: agent) }
        let last = batches.count - 1
        batches[last].columns.append(row, series: place(of: series, in: last))
        rows += 1
        bytes += Self.rowBytes + row.metadata.count
        while bytes > maximumBytes, let oldest = takeFirst() { dropped += oldest.count }
    }

    mutating func takeFirst() -> MeasurementBatch? {
        guard !batches.isEmpty else { return nil }
        let batch = batches.removeFirst()
        rows -= batch.count
        bytes -= batch.count * Self.rowBytes + batch.columns.metadataBytes.count
        return batch
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
        if let place = places[series.checkID], batches[batch].series[place] == series { return place }
        batches[batch].series.append(series)
        places[series.checkID] = batches[batch].series.count - 1
        return batches[batch].series.count - 1
    }
}
