import Contracts
import Synchronization

/// What every vantage has amounted to since the store began to follow, in memory, for those outside who ask for it.
///
/// Nothing is forgotten while the process lives, since counters must never go down; there are at most as many lines as
/// series.
final class ProbeTotals: Sendable {
    /// How long after a minute's end rows of it are waited for.
    static let grace = Duration.seconds(10)

    /// What is told apart at first: one type of check of a target, whoever runs it.
    struct Target: Hashable, Sendable {
        var tenant: TenantID
        var target: String
        var type: CheckType
    }

    struct Line: Sendable {
        let agent: String
        let endpoint: String
        /// An index into the targets.
        let target: Int
        var total = ProbeTotal()
    }

    /// All there is at a moment; both in the order in which they appeared.
    struct Content: Sendable {
        var targets: [Target] = []
        var lines: [Line] = []
    }

    private struct Key: Hashable {
        var target: Int
        var agent: String
        var endpoint: String
    }

    private struct State {
        var isFollowing = false
        var content = Content()
        var targets: [Target: Int] = [:]
        var lines: [Key: Int] = [:]
        /// The line of the series with the number `index + 1`; several series can be of one, and one without a name has
        /// none.
        var lineOfSeries: [Int?] = []

        /// Where the rows of a series that is new here are summed up.
        mutating func addSeries(_ record: SeriesRecord) {
            guard !record.isNameless else { return lineOfSeries.append(nil) }
            let key = record.key
            let target = Target(tenant: key.tenant, target: key.series.target, type: key.series.type)
            if targets[target] == nil {
                targets[target] = content.targets.count
                content.targets.append(target)
            }
            let line = Key(target: targets[target] ?? 0, agent: key.origin, endpoint: key.series.endpoint)
            if lines[line] == nil {
                lines[line] = content.lines.count
                content.lines.append(Line(agent: line.agent, endpoint: line.endpoint, target: line.target))
            }
            lineOfSeries.append(lines[line])
        }
    }

    private let state = Mutex(State())
    private let now: @Sendable () -> Timestamp

    init(now: @escaping @Sendable () -> Timestamp) { self.now = now }

    /// What is in the log already was counted by an earlier process.
    func begin() { state.withLock { $0.isFollowing = true } }

    /// Takes note of rows that were committed.
    func take(_ rows: MeasurementColumns, of series: SeriesTable) {
        // The minute that is shown last, those after it, and one more for clocks that are fast.
        let newest = RollupStep.minute.index(of: now().microseconds)
        let kept = newest - 2...newest + 1
        state.withLock { state in
            guard state.isFollowing else { return }
            for (row, number) in rows.series.enumerated() {
                while state.lineOfSeries.count < number {
                    state.addSeries(series.record(state.lineOfSeries.count + 1))
                }
                guard let line = state.lineOfSeries[number - 1] else { continue }
                state.content.lines[line].total.add(rows, row, kept: kept)
            }
        }
    }

    /// A copy that costs nothing until the next rows come, so that nobody who counts waits for one who reads.
    var content: Content { state.withLock(\.content) }
}
