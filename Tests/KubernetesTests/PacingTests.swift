import Testing

@testable import Kubernetes

@Suite("The pace of a reflector")
struct PacingTests {
    private struct Highest: RandomNumberGenerator {
        mutating func next() -> UInt64 { .max }
    }

    private var random = Highest()
    private var pacing: ReflectorPacing

    init() {
        var settings = KubernetesReflectorSettings()
        settings.firstPause = .seconds(1)
        settings.longestPause = .seconds(8)
        pacing = ReflectorPacing(settings)
        pacing.listed()
    }

    @Test("waits longer after each failure, up to a bound, and not at all after a watch of use")
    mutating func backoff() {
        let failure = ReflectorOutcome.failed(KubernetesError(.unavailable, "away"), wasOfUse: false)
        let pauses = (0..<5).map { _ in pacing.pause(after: failure, using: &random).inWholeSeconds }
        #expect(pauses == [1, 2, 4, 8, 8])
        #expect(pacing.failures == 5)
        #expect(!pacing.needsList)
        #expect(pacing.pause(after: .ended(wasOfUse: true), using: &random) == .zero)
        #expect(pacing.pause(after: .ended(wasOfUse: false), using: &random).inWholeSeconds == 1)
        #expect(pacing.pause(after: .ended(wasOfUse: false), using: &random).inWholeSeconds == 2)
    }

    @Test("lists again after what a watch cannot get past, and only then")
    mutating func lists() {
        for (code, needsList) in [
            (KubernetesError.Code.unavailable, false), (.busy, false), (.forbidden, false), (.server, false),
            (.expired, true), (.protocolViolation, true),
        ] {
            _ = pacing.pause(after: .failed(KubernetesError(code, ""), wasOfUse: true), using: &random)
            #expect(pacing.needsList == needsList, "\(code)")
        }
    }

    @Test("waits as long as it is asked to, within reason")
    mutating func asked() {
        let short = KubernetesError(.busy, "", retryAfter: .seconds(30))
        #expect(pacing.pause(after: .failed(short, wasOfUse: true), using: &random).inWholeSeconds == 30)
        let long = KubernetesError(.busy, "", retryAfter: .seconds(9_000))
        #expect(pacing.pause(after: .failed(long, wasOfUse: true), using: &random).inWholeSeconds == 60)
    }
}

extension Duration {
    fileprivate var inWholeSeconds: Int { Int((self / .seconds(1)).rounded()) }
}
