import Contracts

/// Puts small batches of one agent together to one that is worth a call.
struct BatchMerger {
    /// Well below the 8 MiB that the store reads at once.
    private static let metadataBytes = 2 << 20

    private(set) var batch: MeasurementBatch?
    private var places: [MeasurementSeries: Int] = [:]
    private let maximumRows: Int

    init(maximumRows: Int) {
        self.maximumRows = maximumRows
    }

    /// `false` when it does not belong to what is here, or would be too much; the first is always taken.
    mutating func take(_ other: MeasurementBatch) -> Bool {
        guard let batch else {
            start(other)
            return true
        }
        let metadataBytes = batch.columns.metadataBytes.count + other.columns.metadataBytes.count
        guard batch.agentID == other.agentID, batch.origin == other.origin, batch.count + other.count <= maximumRows,
            metadataBytes <= Self.metadataBytes
        else { return false }
        append(other)
        return true
    }

    private mutating func start(_ first: MeasurementBatch) {
        batch = first
        for (place, series) in first.series.enumerated() { places[series] = place }
    }

    private mutating func append(_ other: MeasurementBatch) {
        guard var batch = batch.take() else { return }
        let places = other.series.map { place(of: $0, in: &batch) }
        for index in 0..<other.count {
            batch.columns.append(other.columns[row: index], series: places[other.columns.series[index]])
        }
        self.batch = batch
    }

    private mutating func place(of series: MeasurementSeries, in batch: inout MeasurementBatch) -> Int {
        if let place = places[series] { return place }
        batch.series.append(series)
        places[series] = batch.series.count - 1
        return batch.series.count - 1
    }
}
