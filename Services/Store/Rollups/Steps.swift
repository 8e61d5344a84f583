import Contracts

/// A span cut into steps of one length.
struct Steps: Sendable {
    let from: Int64
    /// Microseconds.
    let length: Int64
    let count: Int

    private init(from: Int64, to: Int64, length: Int64) {
        self.from = from
        self.length = length
        count = Int((to - from + length - 1) / length)
    }

    /// One step, the whole span.
    init(whole span: QuerySpan) {
        let (from, to) = (span.from.microseconds, span.to.microseconds)
        self.init(from: from, to: to, length: to - from)
    }

    /// At most `points` steps; the last may reach beyond the span.
    ///
    /// Steps of minutes or more are whole minutes, hours or days that begin where those do in UTC: then they can be
    /// made of roll-ups, and need no rows.
    init(_ span: QuerySpan, points: Int) {
        guard points > 1 else {
            self.init(whole: span)
            return
        }
        let (from, to, points) = (span.from.microseconds, span.to.microseconds, Int64(points))
        // Whole milliseconds.
        let length = max(1, ((to - from) + points * 1_000 - 1) / (points * 1_000)) * 1_000
        guard let unit = RollupStep.allCases.last(where: { length > $0.microseconds })?.microseconds else {
            self.init(from: from, to: to, length: length)
            return
        }
        var steps = Self(from: from, to: to, length: length)
        var units = (length + unit - 1) / unit
        repeat {
            // Longer steps may begin so much earlier that one more is needed.
            steps = Self(from: from - from % (units * unit), to: to, length: units * unit)
            units += 1
        } while steps.count > points
        self = steps
    }

    var milliseconds: Int { Int(length / 1_000) }
    var end: Int64 { from + length * Int64(count) }

    /// The longest roll-ups that never lie in two steps.
    var unit: RollupStep? {
        guard count > 1 else { return .day }
        return RollupStep.allCases.last { from % $0.microseconds == 0 && length % $0.microseconds == 0 }
    }

    func index(of time: Int64) -> Int {
        Int((time - from) / length)
    }
}
