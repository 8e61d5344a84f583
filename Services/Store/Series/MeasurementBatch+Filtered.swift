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
        let kept = columns.filtered { isIncluded($0) ? columns.series[$0] : nil }
        return MeasurementBatch(agentID: agentID, origin: origin, series: series, columns: kept)
    }
}
