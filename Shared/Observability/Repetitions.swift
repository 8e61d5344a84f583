import Synchronization

/// Lines of a log that say the same: each is said, and then once a minute, with how many were left out before it.
///
/// Time, trace and the peer, which comes back by another port each time, make no difference.
public final class Repetitions: Sendable {
    private struct Line {
        var saidAt: ContinuousClock.Instant
        var omitted = 0
    }

    private static let pause = Duration.seconds(60)
    /// Lines that are known at once; beyond them all are said.
    private static let maximumCount = 256

    private let now: @Sendable () -> ContinuousClock.Instant
    private let lines = Mutex<[String: Line]>([:])

    public init(now: @escaping @Sendable () -> ContinuousClock.Instant = { .now }) {
        self.now = now
    }

    /// How many like this one were left out since the last one; `nil` when this one is to be left out too.
    func admit(_ message: String, _ fields: [String: String]) -> Int? {
        let key = fields.filter { $0.key != "peer" }.sorted { $0.key < $1.key }.reduce(into: message) {
            $0 += "\n\($1.key)=\($1.value)"
        }
        let now = now()
        return lines.withLock { lines in
            if var line = lines[key], line.saidAt + Self.pause > now {
                line.omitted += 1
                lines[key] = line
                return nil
            }
            if lines.count >= Self.maximumCount { lines = lines.filter { $0.value.saidAt + Self.pause > now } }
            let omitted = lines[key]?.omitted ?? 0
            if lines.count < Self.maximumCount || lines[key] != nil { lines[key] = Line(saidAt: now) }
            return omitted
        }
    }
}
