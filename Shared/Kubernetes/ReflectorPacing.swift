import Lifecycle

/// How a reflector paces itself.
public struct KubernetesReflectorSettings: Sendable {
    /// How long a watch goes on before it is taken up anew, at least; at most half as long again, so that many do not
    /// come back together.
    public var watchTimeout = Duration.seconds(60)
    /// How much longer than asked for a watch may go on before its server counts as stuck.
    public var watchGrace = Duration.seconds(15)
    /// A watch that ends sooner, and had nothing to tell, counts as failed.
    public var shortWatch = Duration.seconds(1)
    /// Bounds of the pauses between tries.
    public var firstPause = Duration.milliseconds(100)
    public var longestPause = Duration.seconds(15)

    public init() {}
}

/// What became of one watch, or of the list before it.
enum ReflectorOutcome: Sendable {
    /// The server ended it, as it was asked to; `wasOfUse` when it lasted, or had something to tell.
    case ended(wasOfUse: Bool)
    case failed(KubernetesError, wasOfUse: Bool)
}

/// When a reflector tries again, and whether with a list.
struct ReflectorPacing: Sendable {
    private(set) var needsList = true
    private var backoff: Backoff
    /// Failures since the last watch that was of use.
    private(set) var failures = 0

    init(_ settings: KubernetesReflectorSettings) {
        backoff = Backoff(from: settings.firstPause, to: settings.longestPause)
    }

    mutating func listed() {
        needsList = false
    }

    /// How long to wait before the next try.
    mutating func pause(
        after outcome: ReflectorOutcome,
        using generator: inout some RandomNumberGenerator
    ) -> Duration {
        switch outcome {
        case .ended(wasOfUse: true):
            backoff.reset()
            failures = 0
            return .zero
        case .ended(wasOfUse: false):
            return backoff.next(using: &generator)
        case .failed(let error, let wasOfUse):
            if wasOfUse {
                backoff.reset()
                failures = 0
            }
            failures += 1
            // What was read wrongly once would be so again: only a list leads past it.
            if error.code == .expired || error.code == .protocolViolation { needsList = true }
            return max(min(error.retryAfter ?? .zero, .seconds(60)), backoff.next(using: &generator))
        }
    }
}
