import Egress

/// What a receiver says to a request.
struct TelemetryAnswer: Sendable {
    var status: Int
    /// The header of this name.
    var retryAfter: String?
    /// The beginning of the body.
    var words = ""
}

/// What follows from an attempt to send.
enum TelemetryVerdict: Equatable, Sendable {
    case accepted
    /// For good.
    case refused(String)
    case again(after: Duration, String)

    /// The receiver is asked again when it says "later" (408, 429), or nothing at all, or that it is at fault; any other
    /// answer is its last word.
    init(
        _ result: Result<TelemetryAnswer, EgressError>,
        attempts: Int,
        limits: TelemetryLimits,
        using random: inout some RandomNumberGenerator
    ) {
        let fault: String
        var asked: Duration?
        switch result {
        case .success(let answer):
            guard !(200..<300).contains(answer.status) else {
                self = .accepted
                return
            }
            fault = "status \(answer.status)\(answer.words.isEmpty ? "" : ": \(answer.words)")"
            guard answer.status >= 500 || [408, 429].contains(answer.status) else {
                self = .refused(fault)
                return
            }
            asked = answer.retryAfter.flatMap(Int.init).map { .seconds(min(max($0, 0), 3_600)) }
        case .failure(let error):
            fault = "\(error.code.rawValue): \(error.message)"
            guard error.code != .badRequest else {
                self = .refused(fault)
                return
            }
        }
        // A random share of a bound that doubles: "full jitter", as in Brooker's "Exponential Backoff And Jitter".
        let bound = min(limits.lastWait, limits.firstWait * (1 << min(attempts - 1, 20)))
        self = .again(after: max(asked ?? .zero, bound * Double.random(in: 0...1, using: &random)), fault)
    }
}
