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
        var columns = MeasurementColumns()
        for index in 0..<count {
            guard let place = places[self.columns.series[index]] else { continue }
            columns.append(
                series: place,
                id: self.columns.id[index],
                timestamp: Timestamp(microseconds: self.columns.timestamp[index]),
                latency: self.columns.latency[index],
                status: self.columns.status[index],
                reason: self.columns.reason[index],
                metadata: self.columns.metadata(index)
            )
        }
        guard columns.count > 0 else { return nil }
        return MeasurementBatch(agentID: agentID, origin: origin, series: kept, columns: columns)
    }
}
