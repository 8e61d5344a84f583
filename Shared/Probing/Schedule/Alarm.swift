import EventLoop

/// Waits on a loop until a time is over or until it is rung; for one task.
final class Alarm: TimerHandler {
    private let loop: EventLoop
    private var sleeper: Completion<Void>?
    private var timer: TimerToken?
    private var wasRung = false

    init(on loop: EventLoop) {
        self.loop = loop
    }

    func wait(atMost duration: Duration) async {
        await Completion.value(on: loop) { completion in
            guard !wasRung else {
                wasRung = false
                return completion.finish(())
            }
            sleeper = completion
            timer = loop.arm(self, afterNanoseconds: UInt64(duration.inNanoseconds))
            completion.onCancel = ring
        }
    }

    func ring() {
        if let timer { loop.disarm(timer) }
        timer = nil
        guard let sleeper else {
            wasRung = true
            return
        }
        self.sleeper = nil
        sleeper.finish(())
    }

    func timerFired(_ token: TimerToken) {
        timer = nil
        ring()
    }
}
