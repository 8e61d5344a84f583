import Contracts
import Synchronization

/// Rows of consecutive commits, in memory, by their series.
final class HeadSegment: Sendable {
    /// A commit, and its rows in the order of series.
    private struct Commit {
        var cursor: Int
        var rows: MeasurementColumns
        var order: [Int32]
    }

    /// Rows of one series in a commit.
    private struct Run {
        var commit: Int32
        var start: Int32
        var end: Int32
    }

    private struct State {
        var commits: [Commit] = []
        var runs: [Int: [Run]] = [:]
        var rows = 0
        var bytes = 0

        func collect(
            _ run: Run,
            in times: Range<Int64>,
            withMetadata: Bool,
            into rows: inout MeasurementColumns
        ) {
            let commit = commits[Int(run.commit)]
            for index in run.start..<run.end {
                let row = Int(commit.order[Int(index)])
                guard times.contains(commit.rows.timestamp[row]) else { continue }
                rows.append(row, of: commit.rows, withMetadata: withMetadata)
            }
        }
    }

    /// Bytes that a row takes beside its metadata, about.
    private static let bytesPerRow = 96

    private let state = Mutex(State())

    var rowCount: Int { state.withLock(\.rows) }
    /// Bytes of memory, about.
    var byteCount: Int { state.withLock(\.bytes) }
    var series: [Int] { state.withLock { Array($0.runs.keys) } }
    /// The newest commit; `nil` without any.
    var lastCursor: Int? { state.withLock { $0.commits.last?.cursor } }

    func append(_ commit: CommittedRows) {
        let series = commit.rows.series
        let order = (0..<Int32(series.count)).sorted { (series[Int($0)], $0) < (series[Int($1)], $1) }
        state.withLock { state in
            let number = Int32(state.commits.count)
            state.commits.append(Commit(cursor: commit.cursor, rows: commit.rows, order: order))
            var start = 0
            for index in 1...order.count
            where index == order.count || series[Int(order[index])] != series[Int(order[start])] {
                let run = Run(commit: number, start: Int32(start), end: Int32(index))
                state.runs[series[Int(order[start])], default: []].append(run)
                start = index
            }
            state.rows += commit.rows.count
            state.bytes += commit.rows.count * Self.bytesPerRow + commit.rows.metadataBytes.count
        }
    }

    /// The first of some series, until they have so many rows together.
    func few(of series: ArraySlice<Int>, rows limit: Int) -> [Int] {
        state.withLock { state in
            var rows = 0
            return Array(
                series.prefix { number in
                    guard rows < limit else { return false }
                    rows += (state.runs[number] ?? []).reduce(0) { $0 + Int($1.end - $1.start) }
                    return true
                }
            )
        }
    }

    /// Adds the ids of a series' rows of a span.
    func addIDs(of series: Int, in times: ClosedRange<Int64>, to ids: inout Set<UUIDv7>) {
        state.withLock { state in
            for run in state.runs[series] ?? [] {
                let commit = state.commits[Int(run.commit)]
                for index in run.start..<run.end {
                    let row = Int(commit.order[Int(index)])
                    if times.contains(commit.rows.timestamp[row]) { ids.insert(commit.rows.id[row]) }
                }
            }
        }
    }

    /// Adds to `rows` those of a series that were committed after `cursor` and whose time lies in `times`, in the order
    /// of committing.
    func collect(
        _ series: Int,
        after cursor: Int,
        in times: Range<Int64> = .min..<(.max),
        withMetadata: Bool = true,
        into rows: inout MeasurementColumns
    ) {
        state.withLock { state in
            for run in state.runs[series] ?? [] where state.commits[Int(run.commit)].cursor > cursor {
                state.collect(run, in: times, withMetadata: withMetadata, into: &rows)
            }
        }
    }
}
