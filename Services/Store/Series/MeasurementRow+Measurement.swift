import Contracts

extension MeasurementRow {
    /// The row as the API shows it.
    func measurement(of key: SeriesKey) -> Measurement {
        Measurement(self, of: key.series, by: key.agentID, origin: key.origin)
    }
}
