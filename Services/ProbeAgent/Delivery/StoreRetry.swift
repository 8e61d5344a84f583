import JSON
import JSONRPC
import Lifecycle

/// When to call the store again, which is done for as long as it takes.
struct StoreRetry {
    let clock: any Clock<Duration>
    private(set) var isFirst = true
    private var backoff = Backoff()
    private var random = SystemRandomNumberGenerator()

    init(clock: any Clock<Duration>) {
        self.clock = clock
    }

    /// Throws only `CancellationError`.
    mutating func wait(after error: any Error) async throws {
        try Task.checkCancellation()
        isFirst = false
        try await clock.sleep(for: max(backoff.next(using: &random), Self.pause(asked: error)))
    }

    /// How long a store that is busy wants to be left alone.
    private static func pause(asked error: any Error) -> Duration {
        guard let error = error as? RPCError, error.code == .busy,
            case .int(let milliseconds) = error.data?["retry_after_ms"]
        else { return .zero }
        return .milliseconds(min(max(0, milliseconds), 60_000))
    }
}
