import Contracts
import JSON

/// Decides which measurements make incidents begin and end; pure, so that the same rows give the same incidents.
///
/// Each streak sees its samples in the order of their time. What comes later than a newer sample is passed over: it
/// would rewrite what was told already. A time in the future counts as now, so that one agent whose clock jumps ahead
/// and back is not deaf in between. What comes late, as from an agent that was cut off, counts and may end an incident,
/// but makes none: a fault that goes on makes one with the next sample that is fresh. The same holds for samples from
/// a maintenance: one after it makes the incident.
struct Evaluator: Sendable {
    struct Key: Hashable, Sendable {
        var rule: RuleID
        var check: CheckID
        var agent: AgentID
        /// As in `MeasurementSeries`.
        var endpoint = ""
    }

    enum Transition: Equatable, Sendable {
        case fired(Incident, of: TenantID)
        case resolved(IncidentID, at: Timestamp)
    }

    /// What changed since it was last taken, to be committed together with the cursor it led to.
    struct Changes: Sendable {
        var transitions: [Transition] = []
        var streaks: [Key: Streak] = [:]

        var isEmpty: Bool { transitions.isEmpty && streaks.isEmpty }
    }

    /// The rules of a tenant that are enabled.
    private struct Rules {
        var general: [Rule] = []
        var byTarget: [TargetID: [Rule]] = [:]
    }

    private let rules: [TenantID: Rules]
    private let maximumStreaks: Int
    private let lateAfter: Duration?
    /// When no incident begins, though samples count as always.
    var maintenance = MaintenanceTimes()
    private(set) var streaks: [Key: Streak]
    private var changed: Set<Key> = []
    private var transitions: [Transition] = []
    /// Streaks that were not begun because there are too many.
    private(set) var refused = 0

    /// Rules that are not enabled are left out; without `lateAfter`, nothing is late.
    init(
        rules: [TenantID: [Rule]],
        streaks: [Key: Streak] = [:],
        maximumStreaks: Int = .max,
        lateAfter: Duration? = nil
    ) {
        self.rules = rules.mapValues { rules in
            var sorted = Rules()
            for rule in rules where rule.enabled {
                if let target = rule.targetID {
                    sorted.byTarget[target, default: []].append(rule)
                } else {
                    sorted.general.append(rule)
                }
            }
            return sorted
        }
        self.streaks = streaks
        self.maximumStreaks = maximumStreaks
        self.lateAfter = lateAfter
    }

    var hasTransitions: Bool { !transitions.isEmpty }

    /// Takes the rows of a tenant.
    mutating func apply(_ batch: MeasurementBatch, of tenant: TenantID, at now: Timestamp) {
        guard let rules = rules[tenant] else { return }
        for (index, rows) in batch.rowsBySeries.enumerated() where !rows.isEmpty {
            let series = batch.series[index]
            for rule in rules.general + (rules.byTarget[series.targetID] ?? []) where rule.covers(series) {
                apply(rule, of: tenant, to: batch, series: series, rows: rows, at: now)
            }
        }
    }

    mutating func takeChanges() -> Changes {
        defer {
            changed = []
            transitions = []
        }
        var changes = Changes(transitions: transitions)
        for key in changed { changes.streaks[key] = streaks[key] }
        return changes
    }

    private mutating func apply(
        _ rule: Rule,
        of tenant: TenantID,
        to batch: MeasurementBatch,
        series: MeasurementSeries,
        rows: [Int],
        at now: Timestamp
    ) {
        let key = Key(rule: rule.id, check: series.checkID, agent: batch.agentID, endpoint: series.endpoint)
        let known = streaks[key]
        guard known != nil || streaks.count < maximumStreaks else {
            refused += 1
            return
        }
        var streak = known ?? Streak(of: series.targetID)
        for row in rows where !batch.isForensic(row) {
            guard let crossing = rule.isCrossed(by: batch.columns, row) else { continue }
            let time = min(Timestamp(microseconds: batch.columns.timestamp[row]), now)
            switch streak.add(isCrossing: crossing, at: time, needed: rule.consecutive) {
            case .fire:
                guard lateAfter.map({ time.duration(to: now) <= $0 }) ?? true else { continue }
                guard !maintenance.covers(series.targetID, at: time) else { continue }
                let incident = Incident(rule, streak, batch, series: series, row: row)
                streak.incident = incident.id
                transitions.append(.fired(incident, of: tenant))
            case .resolve:
                guard let incident = streak.incident.take() else { continue }
                transitions.append(.resolved(incident, at: streak.since))
            case nil:
                continue
            }
        }
        guard streak != known, streak.count > 0 else { return }
        streaks[key] = streak
        changed.insert(key)
    }
}

extension Rule {
    fileprivate func covers(_ series: MeasurementSeries) -> Bool {
        checkType.map { $0 == series.type } ?? !series.type.isEvidence
    }

    /// `nil` when a row says nothing about this rule: a failed probe has no latency.
    fileprivate func isCrossed(by columns: MeasurementColumns, _ row: Int) -> Bool? {
        let isSuccess = columns.status[row] == .success
        switch metric {
        case .failure:
            return comparison.holds(isSuccess ? 0 : 1, threshold)
        case .latency:
            let latency = columns.latency[row]
            return isSuccess && !latency.isNaN ? comparison.holds(latency, threshold) : nil
        case .loss:
            let sent = Double(columns.sent[row])
            return sent > 0 ? comparison.holds((sent - Double(columns.received[row])) / sent, threshold) : nil
        }
    }
}

extension MeasurementBatch {
    /// Whether a row is a trace that was made because another probe failed: it tells of that one, and no later trace
    /// would end what it began.
    fileprivate func isForensic(_ row: Int) -> Bool {
        struct Link: Decodable {
            var cause: String?
        }
        guard series[columns.series[row]].type == .trace else { return false }
        return (try? decodeJSON(Link.self, from: columns.metadata(row)))?.cause != nil
    }

    /// The rows of each series, in the order of their time.
    fileprivate var rowsBySeries: [[Int]] {
        var rows: [[Int]] = Array(repeating: [], count: series.count)
        for row in 0..<count { rows[columns.series[row]].append(row) }
        return rows.map { rows in
            rows.sorted { (columns.timestamp[$0], $0) < (columns.timestamp[$1], $1) }
        }
    }
}
