import Testing

@testable import EventLoop

@Suite("TimerWheel")
struct TimerWheelTests {
    final class Handler: TimerHandler {
        var fired: [TimerToken] = []

        func timerFired(_ token: TimerToken) { fired.append(token) }
    }

    let handler = Handler()

    func run(_ wheel: inout TimerWheel, to tick: UInt64) {
        wheel.advance(to: tick)
        while let due = wheel.popDue() { due.handler.timerFired(due.token) }
    }

    @Test("fires each timer at its tick, and not before", arguments: [1, 7, 4095, 4096, 4097, 20_000] as [UInt64])
    func firesOnTime(ticks: UInt64) {
        var wheel = TimerWheel(now: 1_000)
        let token = wheel.arm(handler, at: 1_000 + ticks)
        for tick in stride(from: UInt64(1_001), to: 1_000 + ticks, by: 97) { run(&wheel, to: tick) }
        run(&wheel, to: 1_000 + ticks - 1)
        #expect(handler.fired.isEmpty)
        run(&wheel, to: 1_000 + ticks)
        #expect(handler.fired == [token])
        #expect(wheel.count == 0)
    }

    @Test("fires what a long pause jumped over")
    func longPause() {
        var wheel = TimerWheel(now: 0)
        let tokens = [3, 5_000, 9_999].map { wheel.arm(handler, at: $0) }
        run(&wheel, to: 1_000_000)
        #expect(Set(handler.fired.map(\.slot)) == Set(tokens.map(\.slot)))
    }

    @Test("does not fire a timer that another one's handler disarmed")
    func disarmed() {
        var wheel = TimerWheel(now: 0)
        let first = wheel.arm(handler, at: 5)
        let second = wheel.arm(handler, at: 5)
        wheel.advance(to: 5)
        let due = wheel.popDue()
        wheel.disarm(due?.token == first ? second : first)
        #expect(wheel.popDue() == nil)
        #expect(wheel.count == 0)
    }

    @Test("a timer armed while others fire waits for a later tick")
    func rearmed() {
        var wheel = TimerWheel(now: 0)
        _ = wheel.arm(handler, at: 1)
        wheel.advance(to: 1)
        _ = wheel.popDue()
        _ = wheel.arm(handler, at: 0)
        #expect(wheel.popDue() == nil)
        #expect(wheel.ticksUntilNext() == 1)
    }

    @Test("a stale token disarms nothing")
    func staleToken() {
        var wheel = TimerWheel(now: 0)
        let old = wheel.arm(handler, at: 1)
        wheel.disarm(old)
        _ = wheel.arm(handler, at: 1)
        wheel.disarm(old)
        #expect(wheel.count == 1)
    }

    @Test("tells the distance to the next timer, around the end of the wheel too")
    func distance() {
        var wheel = TimerWheel(now: 4_090)
        #expect(wheel.ticksUntilNext() == nil)
        _ = wheel.arm(handler, at: 4_100)
        #expect(wheel.ticksUntilNext() == 10)
        _ = wheel.arm(handler, at: 4_091)
        #expect(wheel.ticksUntilNext() == 1)
    }
}

private func == (left: (handler: any TimerHandler, token: TimerToken)?, right: Never?) -> Bool {
    left.map { _ in false } ?? true
}
