import Contracts
import JSON

extension MeasurementBatch {
    var json: [UInt8] {
        var writer = JSONWriter(capacity: 512 + 160 * count)
        write(to: &writer)
        return writer.bytes
    }

    /// The rows that `isIncluded` tells by their index, and all series.
    func filtered(_ isIncluded: (Int) -> Bool) -> MeasurementBatch {
        var columns = MeasurementColumns()
        for row in 0..<count where isIncluded(row) {
            columns.append(
                series: self.columns.series[row],
                id: self.columns.id[row],
                timestamp: Timestamp(microseconds: self.columns.timestamp[row]),
                latency: self.columns.latency[row],
                status: self.columns.status[row],
                reason: self.columns.reason[row],
                metadata: self.columns.metadata(row)
            )
        }
        return MeasurementBatch(agentID: agentID, origin: origin, series: series, columns: columns)
    }
}
