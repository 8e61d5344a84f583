/// How long the spans are that are summed up; all begin at multiples of their length since 1970 in UTC.
enum RollupStep: Int, CaseIterable, Sendable {
    case minute = 60
    case hour = 3_600
    case day = 86_400

    var microseconds: Int64 { Int64(rawValue) * 1_000_000 }

    /// The number of the span that a time lies in.
    func index(of time: Int64) -> Int64 {
        let (quotient, remainder) = time.quotientAndRemainder(dividingBy: microseconds)
        return remainder < 0 ? quotient - 1 : quotient
    }

    /// When a span begins.
    func start(of index: Int64) -> Int64 { index * microseconds }
}
