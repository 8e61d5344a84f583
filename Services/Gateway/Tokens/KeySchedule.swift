import Contracts
import Tokens

/// When keys are made, sign and go, given when each was made; the order of `madeAt` is that of time.
struct KeySchedule: Sendable {
    /// From the publication of a key to its first signature: no verifier that works is further behind, and none that
    /// was told of the key before it has heard of another state since.
    static let lead = Duration.seconds(TokenProfile.lifetimeSeconds + 2 * TokenProfile.skewSeconds)

    /// How long a key signs until the next one does.
    var interval: Duration

    /// The key that signs now: the newest that was published long enough ago, or the oldest when none was.
    func signing(_ madeAt: [Timestamp], now: Timestamp) -> Int? {
        madeAt.lastIndex { $0.advanced(by: Self.lead) <= now } ?? madeAt.indices.first
    }

    /// Whether the next key is to be made.
    func isDue(_ madeAt: [Timestamp], now: Timestamp) -> Bool {
        guard let newest = madeAt.last else { return true }
        return newest.advanced(by: interval) <= now
    }

    /// How many of the oldest keys have signed nothing that is still good.
    func expired(_ madeAt: [Timestamp], now: Timestamp) -> Int {
        // A key's last token is signed when its successor's lead is over, and is taken for a lifetime and a skew more;
        // another skew is left for a gateway whose clock is late.
        madeAt.dropFirst().prefix { $0.advanced(by: Self.lead + Self.lead) <= now }.count
    }
}
