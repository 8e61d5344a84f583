import CNghttp2
import EventLoop

/// Calls back every few seconds for as long as a connection lives.
///
/// One timer a connection: none has to be armed for each request.
final class ConnectionWatch: TimerHandler {
    private let loop: EventLoop
    private let interval: UInt64
    private let check: () -> Void
    private var timer: TimerToken?

    /// Often enough for the shortest of the limits.
    init(on loop: EventLoop, _ limits: HTTPLimits, _ check: @escaping () -> Void) {
        self.loop = loop
        self.check = check
        let shortest = [limits.headTimeout, limits.stallTimeout, limits.drainTimeout, limits.idleTimeout].min()
        interval = UInt64(max(1, (shortest ?? .seconds(1)).inNanoseconds / 4))
        timer = loop.arm(self, afterNanoseconds: interval)
    }

    func stop() {
        if let timer { loop.disarm(timer) }
        timer = nil
    }

    func timerFired(_ token: TimerToken) {
        timer = loop.arm(self, afterNanoseconds: interval)
        check()
    }
}

/// When things happened on a connection, in nanoseconds of the loop's clock.
struct ConnectionTimes {
    private let start: UInt64
    var lastRequest: UInt64
    var drainingSince: UInt64?
    /// The peer's SETTINGS have come.
    var hasGreeted = false

    init(now: UInt64) {
        start = now
        lastRequest = now
    }

    /// Why the connection has to end at once.
    func failure(now: UInt64, _ limits: HTTPLimits) -> String? {
        if !hasGreeted, now - start > limits.headTimeout { return "the client's preface did not come" }
        if let drainingSince, now - drainingSince > limits.drainTimeout { return "the drain took too long" }
        return nil
    }

    func isIdle(now: UInt64, _ limits: HTTPLimits) -> Bool {
        now - lastRequest > limits.idleTimeout
    }
}

/// Whether so many nanoseconds are more than a duration.
func > (nanoseconds: UInt64, duration: Duration) -> Bool {
    Int64(clamping: nanoseconds) > duration.inNanoseconds
}

extension HTTP2Session {
    /// Resets streams whose body does not come, or whose answer is not taken.
    func resetStalled(now: UInt64) {
        for stream in streams {
            let waitsForBody = !stream.isEndReceived && !stream.isFlowing
            let isBodyLate = waitsForBody && now - stream.startedAt > limits.stallTimeout
            let isOutputLate = stream.sent < stream.output.count && now - stream.outputSince > limits.stallTimeout
            if isBodyLate || isOutputLate { reset(stream, NGHTTP2_CANCEL) }
        }
    }
}
