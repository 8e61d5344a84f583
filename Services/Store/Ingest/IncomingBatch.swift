import Contracts
import JSON
import JSONRPC

/// A batch on its way into the database.
struct IncomingBatch: Sendable {
    let batch: MeasurementBatch
    /// The batch as it came.
    let json: ArraySlice<UInt8>
    /// The numbers of the batch's series; 0 where no row is of that series.
    let seriesNumbers: [Int]

    /// Reads a batch and checks it; a batch with one row that cannot be stored is refused as a whole.
    ///
    /// Throws `invalidParams`, with the row's index in `data.row`.
    static func read(
        _ json: ArraySlice<UInt8>,
        limits: IngestLimits,
        now: Timestamp
    ) throws(RPCError) -> MeasurementBatch {
        let batch: MeasurementBatch = try readParams(json)
        try batch.validate(limits, now: now)
        return batch
    }

    /// `batch` was read from `json`.
    init(_ batch: MeasurementBatch, json: ArraySlice<UInt8>, in series: SeriesTable) throws(RPCError) {
        self.batch = batch
        self.json = json
        var isUsed = [Bool](repeating: false, count: batch.series.count)
        for index in batch.columns.series { isUsed[index] = true }
        let used = isUsed.indices.filter { isUsed[$0] }
        let numbers = try series.numbers(of: used.map(batch.key))
        var seriesNumbers = [Int](repeating: 0, count: isUsed.count)
        for (index, number) in zip(used, numbers) { seriesNumbers[index] = number }
        self.seriesNumbers = seriesNumbers
    }
}

extension MeasurementBatch {
    /// 2000-01-01: no agent's clock is right and shows less.
    private static let earliest: Int64 = 946_684_800_000_000

    fileprivate func key(_ index: Int) -> SeriesKey {
        SeriesKey(tenant: defaultTenant, agentID: agentID, origin: origin, series: series[index])
    }

    fileprivate func validate(_ limits: IngestLimits, now: Timestamp) throws(RPCError) {
        guard (1...200).contains(origin.unicodeScalars.count) else {
            throw RPCError(.invalidParams, "origin must have 1 to 200 characters", data: ["field": "origin"])
        }
        guard series.allSatisfy({ (1...200).contains($0.target.unicodeScalars.count) }) else {
            throw RPCError(.invalidParams, "a target's name must have 1 to 200 characters", data: ["field": "series"])
        }
        guard series.allSatisfy({ $0.endpoint.unicodeScalars.count <= 64 }) else {
            throw RPCError(.invalidParams, "an endpoint must have at most 64 characters", data: ["field": "series"])
        }
        let times = Self.earliest...now.advanced(by: limits.clockAhead).microseconds
        if let row = columns.timestamp.firstIndex(where: { !times.contains($0) }) {
            throw invalid(row, "has a time before 2000 or more than \(limits.clockAhead) ahead of this clock")
        }
        if let row = columns.latency.firstIndex(where: { !($0.isNaN || $0 >= 0 && $0.isFinite) }) {
            throw invalid(row, "has a latency that is no time")
        }
        var start = 0
        for (row, end) in columns.metadataEnd.enumerated() {
            guard end - start <= limits.metadataBytes else {
                throw invalid(row, "has more than \(limits.metadataBytes) bytes of metadata")
            }
            start = end
        }
    }

    private func invalid(_ row: Int, _ fault: String) -> RPCError {
        RPCError(.invalidParams, "row \(row) \(fault)", data: ["row": .int(row)])
    }
}
