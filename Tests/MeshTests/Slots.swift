import Contracts

/// Runs of one check by one agent, by their places on its grid.
///
/// Rows say when a run began, which on a busy machine is later than its slot, but not by a whole interval: it is skipped
/// then.
struct Slots {
    /// In ascending order.
    let numbers: [Int]

    /// `interval` is in milliseconds; most runs are to be on time.
    init(_ rows: [Contracts.Measurement], interval: Int) {
        let interval = interval * 1_000
        let times = rows.map { Int($0.timestamp.microseconds) }.sorted()
        guard let first = times.first else {
            numbers = []
            return
        }
        // Where most runs begin, as seen from one of them.
        let offsets = times.map { time in
            let offset = (time - first) % interval
            return offset > interval / 2 ? offset - interval : offset
        }
        let usual = offsets.sorted()[offsets.count / 2]
        numbers = times.map { time in
            Int((Double(time - first - usual) / Double(interval) + 0.1).rounded(.down))
        }
    }

    /// Slots in which there were two runs.
    var doubled: Int { zip(numbers, numbers.dropFirst()).count { $0 == $1 } }

    /// The most slots, one after another, that had no run.
    var longestGap: Int { zip(numbers, numbers.dropFirst()).map { $1 - $0 - 1 }.max() ?? 0 }
}
