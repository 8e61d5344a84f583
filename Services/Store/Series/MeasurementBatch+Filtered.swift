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

    /// The series that are wanted, and their rows.
    func only(_ isWanted: [Bool]) -> MeasurementBatch {
        var batch = filtered { isWanted[columns.series[$0]] }
        var number = -1
        let numbers = isWanted.map { wanted in
            number += wanted ? 1 : 0
            return number
        }
        batch.series = zip(series, isWanted).filter(\.1).map(\.0)
        batch.columns.series = batch.columns.series.map { numbers[$0] }
        return batch
    }
}
