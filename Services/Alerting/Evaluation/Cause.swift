import Contracts

extension Incident {
    /// What begins when `row` has made `streak` long enough.
    init(_ rule: Rule, _ streak: Streak, _ batch: MeasurementBatch, series: MeasurementSeries, row: Int) {
        self.init(
            id: .make(),
            ruleID: rule.id,
            ruleName: rule.name,
            severity: rule.severity,
            targetID: series.targetID,
            targetName: series.target,
            checkID: series.checkID,
            checkType: series.type,
            agentID: batch.agentID,
            endpoint: series.endpoint,
            state: .firing,
            cause: causeInWords(rule, streak, batch, series, row),
            startedAt: streak.since,
            durationMilliseconds: 0
        )
    }
}

/// Such as "3 failures in a row, the last one timeout, at 2026-01-31T12:00:00.000000Z from node-1".
private func causeInWords(
    _ rule: Rule,
    _ streak: Streak,
    _ batch: MeasurementBatch,
    _ series: MeasurementSeries,
    _ row: Int
) -> String {
    let columns = batch.columns
    let endpoint = series.endpoint.isEmpty ? "" : " by \(series.endpoint)"
    let place = "at \(streak.newest) from \(batch.origin)\(endpoint)"
    switch rule.metric {
    case .latency:
        let latency = "latency \(decimal(columns.latency[row])) ms"
        let threshold = "\(rule.comparison.rawValue) \(decimal(rule.threshold)) ms"
        return "\(latency) \(threshold)\(streak.count > 1 ? ", \(streak.count) in a row, the last" : "") \(place)"
    case .loss:
        let loss = "\(columns.sent[row] - columns.received[row]) of \(columns.sent[row]) lost"
        return "\(loss)\(streak.count > 1 ? ", \(streak.count) in a row, the last" : "") \(place)"
    case .failure:
        guard columns.status[row] != .success else { return "\(streak.count) × success, the last \(place)" }
        let word = columns.reason[row].name ?? columns.status[row].name
        return streak.count > 1
            ? "\(streak.count) failures in a row, the last one \(word), \(place)" : "failure: \(word), \(place)"
    }
}

/// A number to three places without zeros at its end.
private func decimal(_ value: Double) -> String {
    let rounded = (value * 1_000).rounded() / 1_000
    return rounded == rounded.rounded() && abs(rounded) < 1e15 ? String(Int64(rounded)) : String(rounded)
}
