import Foundation

/// How well a conversation would go over a path (ITU-T G.107), with G.711, packet loss concealment
/// and echo that is cancelled.
public enum EModel {
    /// The rating of a path without delay and loss, all else at its default (G.107, table 3).
    private static let bestRating = 93.2
    /// Loss robustness of G.711 with concealment, and random loss (G.113, appendix I).
    private static let lossRobustness = 25.1

    /// The transmission rating, from 0 to 93.2.
    ///
    /// `delayMilliseconds` is the mouth-to-ear delay in one direction, `loss` a share from 0 to 1.
    public static func rating(delayMilliseconds: Double, loss: Double) -> Double {
        let percent = loss * 100
        let lossImpairment = 95 * percent / (percent + lossRobustness)
        return max(0, bestRating - delayImpairment(delayMilliseconds) - lossImpairment)
    }

    /// The mean opinion score, from 1 to 4.41, that G.107 (annex B) estimates for a rating.
    public static func opinionScore(rating: Double) -> Double {
        guard rating > 0 else { return 1 }
        guard rating < 100 else { return 4.5 }
        return max(1, 1 + 0.035 * rating + rating * (rating - 60) * (100 - rating) * 7e-6)
    }

    /// Idd, the impairment by delay alone (G.107, equation 7-27).
    private static func delayImpairment(_ milliseconds: Double) -> Double {
        guard milliseconds > 100 else { return 0 }
        let x = log2(milliseconds / 100)
        return 25 * (pow(1 + pow(x, 6), 1 / 6) - 3 * pow(1 + pow(x / 3, 6), 1 / 6) + 2)
    }
}
