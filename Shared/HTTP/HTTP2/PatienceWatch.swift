import EventLoop

extension HTTP2Session {
    /// To be called when a call begins to wait.
    func watchPatience() {
        guard !isClosed else { return }
        let watch = patience ?? PatienceWatch(self)
        patience = watch
        watch.begin()
    }
}

/// Tells the calls of a connection that are not answered soon to look after their own time.
///
/// One timer for all: one for each call would be a fortieth of what a quick call costs.
final class PatienceWatch: TimerHandler {
    /// How long a call waits before it pays for noticing its cancellation, which costs a fifth of a quick call.
    private static let patience = Duration.milliseconds(5)
    /// A call that began to wait just behind a look is told at the next but one.
    static let latest = patience * 2
    private static let nanoseconds = UInt64(patience.inNanoseconds)

    /// Let go by `end`: a weak reference would make every other one to the session dearer.
    private var session: HTTP2Session?
    private let loop: EventLoop
    private var timer: TimerToken?

    init(_ session: HTTP2Session) {
        self.session = session
        loop = session.loop
    }

    /// Whoever begins to wait now is told by `latest`.
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
