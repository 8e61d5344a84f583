import Egress

/// When a notice that was not taken is sent again.
public struct RetryPolicy: Sendable {
    /// The bound of the first wait; each further one is twice as long.
    public var first = Duration.seconds(1)
    /// The longest wait.
    public var last = Duration.seconds(300)
    /// How old a notice becomes at the least before it is given up.
    public var giveUpAfter = Duration.seconds(86_400)

    public init() {}

    /// What follows from an attempt.
    enum Verdict: Equatable, Sendable {
        case delivered
        /// For good.
        case failed(String)
        case again(after: Duration, String)
    }

    /// `attempts` were made, this one included, of a notice of this age.
    ///
    /// A status of 400 to 499 is the receiver's last word, unless it says "later" (408, 429).
    func verdict(
        on result: Result<Int, EgressError>,
        attempts: Int,
        age: Duration,
        using random: inout some RandomNumberGenerator
    ) -> Verdict {
        let fault: String
        switch result {
        case .success(200..<300):
            return .delivered
        case .success(let status):
            fault = "status \(status)"
            if (400..<500).contains(status), status != 408, status != 429 { return .failed(fault) }
        case .failure(let error):
            fault = "\(error.code.rawValue): \(error.message)"
            if error.code == .badRequest { return .failed(fault) }
        }
        guard age < giveUpAfter else { return .failed("given up after \(attempts) attempts: \(fault)") }
        return .again(after: wait(after: attempts, using: &random), fault)
    }

    /// A random share of a bound that doubles: "full jitter", as in Brooker's "Exponential Backoff And Jitter".
    private func wait(after attempts: Int, using random: inout some RandomNumberGenerator) -> Duration {
        min(last, first * (1 << min(attempts - 1, 20))) * Double.random(in: 0...1, using: &random)
    }
}
