import EventLoop
import Probing

/// Sends echo requests at an even pace, and keeps the time of each.
final class EchoSender: EchoHandler {
    private let loop: EventLoop
    private let engine: ICMPEngine
    private var times: [UInt64?] = []

    init(on loop: EventLoop) {
        self.loop = loop
        engine = ICMPEngine(on: loop, maximumInFlight: 4_096)
    }

    /// Nanoseconds of each round trip, in the order of sending.
    func run(_ count: Int, perSecond rate: Int) async throws -> [UInt64?] {
        times = Array(repeating: nil, count: count)
        let target = IPAddress(v4: 0x0a4d_010a)
        let clock = LoopClock(loop)
        let start = clock.now
        for index in 0..<count {
            let due = start.advanced(by: .nanoseconds(Int64(index) * 1_000_000_000 / Int64(rate)))
            if clock.now < due { try await clock.sleep(until: due, tolerance: nil) }
            engine.send(to: target, timeoutNanoseconds: 2_000_000_000, tag: index, self)
        }
        try await clock.sleep(for: .milliseconds(500))
        engine.close()
        return times
    }

    func echoFinished(tag: Int, _ result: EchoResult) {
        times[tag] = (try? result.get())?.roundTripNanoseconds
    }
}
