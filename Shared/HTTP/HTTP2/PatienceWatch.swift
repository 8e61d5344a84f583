import EventLoop

/// Tells the calls of a connection that are not answered soon to look after their own time.
///
/// One timer for all: one for each call would be a fortieth of what a quick call costs.
final class PatienceWatch: TimerHandler {
    /// How long a call waits before it pays for noticing its cancellation, which costs a fifth of a quick call.
    static let patience = Duration.milliseconds(5)
    private static let nanoseconds = UInt64(patience.inNanoseconds)

    /// Let go by `end`: a weak reference would make every other one to the session dearer.
    private var session: HTTP2Session?
    private let loop: EventLoop
    private var timer: TimerToken?

    init(_ session: HTTP2Session) {
        self.session = session
        loop = session.loop
    }

    /// To be called when a call begins to wait; it is told within twice its patience.
    func begin() {
        guard timer == nil, session != nil else { return }
        timer = loop.arm(self, afterNanoseconds: Self.nanoseconds)
    }

    /// To be called when the session closes.
    func end() {
        if let timer { loop.disarm(timer) }
        timer = nil
        session = nil
    }

    func timerFired(_ token: TimerToken) {
        timer = nil
        guard let session else { return }
        var isPatient = false
        for stream in session.streams where stream.isPatient {
            if stream.startedAt + Self.nanoseconds <= loop.now { stream.losePatience() } else { isPatient = true }
        }
        if isPatient { begin() }
    }
}
