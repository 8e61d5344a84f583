import Contracts

extension MeasurementBatch {
    /// The rows of these targets alone; `nil` when there is none.
    func filtered(to targets: Set<TargetID>) -> MeasurementBatch? {
        var places: [Int?] = []
        var kept: [MeasurementSeries] = []
        for series in series {
            guard targets.contains(series.targetID) else {
                places.append(nil)
                continue
            }
            places.append(kept.count)
            kept.append(series)
        }
        guard !kept.isEmpty else { return nil }
        guard kept.count < series.count else { return self }
        let rows = columns.filtered { places[columns.series[$0]] }
        guard rows.count > 0 else { return nil }
        return MeasurementBatch(agentID: agentID, origin: origin, series: kept, columns: rows)
    }
}
