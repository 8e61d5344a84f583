import Contracts
import Observability

/// The lines that are shown of all totals: as many as a limit of time series allows, and told apart as far as it does.
struct ProbePage: Sendable {
    /// What a line is about.
    enum Form: String, CaseIterable, Sendable {
        /// One target, type and endpoint as one agent sees it.
        case vantage
        /// One target and type, whoever sees it.
        case target
        /// The same, but for the targets that came last, which are one together.
        case other
    }

    /// Time series of one line: three results, two of requests, five of latencies, and the loss.
    static let seriesPerLine = 11
    /// The forms, and the number of vantages.
    private static let ownSeries = Form.allCases.count + 1

    struct Line: Sendable {
        var labels: [MetricLabel]
        var total: ProbeTotal
    }

    let form: Form
    let vantageCount: Int
    private(set) var lines: [Line] = []
    /// The one of which there are quantiles.
    let minute: Int64

    init(_ content: ProbeTotals.Content, minute: Int64, seriesLimit: Int) {
        self.minute = minute
        vantageCount = content.lines.count
        let capacity = (seriesLimit - Self.ownSeries) / Self.seriesPerLine
        if content.lines.count <= capacity {
            form = .vantage
            lines = content.lines.map { line in
                let own = [MetricLabel("agent", line.agent), MetricLabel("endpoint", line.endpoint)]
                return Line(labels: Self.labels(content.targets[line.target]) + own, total: line.total)
            }
        } else if content.targets.count <= capacity {
            form = .target
            lines = Self.sums(content, minute, kept: content.targets.count)
        } else {
            form = .other
            // There is room for one of every type, so that no line ever has to go when a new one comes.
            lines = Self.sums(content, minute, kept: max(0, capacity - CheckType.allCases.count))
        }
    }

    /// The targets summed up: as many as are kept, then the rest by type.
    private static func sums(_ content: ProbeTotals.Content, _ minute: Int64, kept: Int) -> [Line] {
        var sums = content.targets.prefix(kept).map { Line(labels: labels($0), total: ProbeTotal()) }
        var others: [CheckType: ProbeTotal] = [:]
        for line in content.lines {
            if line.target < kept {
                sums[line.target].total.merge(line.total, minute: minute)
            } else {
                others[content.targets[line.target].type, default: ProbeTotal()].merge(line.total, minute: minute)
            }
        }
        for (type, total) in others.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
            let labels = [MetricLabel("target", "other"), MetricLabel("type", type.rawValue)]
            sums.append(Line(labels: labels, total: total))
        }
        return sums
    }

    private static func labels(_ target: ProbeTotals.Target) -> [MetricLabel] {
        [
            MetricLabel("target", target.target), MetricLabel("tenant", target.tenant.rawValue),
            MetricLabel("type", target.type.rawValue),
        ]
    }
}
