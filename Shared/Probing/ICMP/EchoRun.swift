import EventLoop

/// Several echo requests to one address, a fixed time apart.
///
/// To be used on the engine's loop; the loop and the engine hold it until it is over.
final class EchoRun: EchoHandler, TimerHandler {
    private let engine: ICMPEngine
    private let address: IPAddress
    private let packet: EchoPacket
    private let gapNanoseconds: UInt64
    private let deadline: UInt64
    private let completion: Completion<[EchoResult]>
    private let startedAt: UInt64
    private var tickets: [EchoTicket?] = []
    private var results: [EchoResult]
    private var sent = 0
    private var finished = 0
    private var timer: TimerToken?

    private init(
        _ engine: ICMPEngine,
        _ address: IPAddress,
        _ packet: EchoPacket,
        count: Int,
        gap: Duration,
        timeout: Duration,
        _ completion: Completion<[EchoResult]>
    ) {
        self.engine = engine
        self.address = address
        self.packet = packet
        gapNanoseconds = UInt64(max(0, gap.inNanoseconds))
        deadline = UInt64(max(0, timeout.inNanoseconds))
        self.completion = completion
        startedAt = engine.loop.now
        results = Array(repeating: .failure(.cancelled), count: count)
    }

    /// Sends `count` requests, `gap` apart on a grid that does not drift, each with a time of its own to be answered.
    ///
    /// Returns their results in the order of sending.
    static func results(
        of count: Int,
        gap: Duration,
        timeout: Duration,
        to address: IPAddress,
        _ packet: EchoPacket,
        by engine: ICMPEngine
    ) async -> [EchoResult] {
        await Completion.value(on: engine.loop) { completion in
            let run = EchoRun(engine, address, packet, count: count, gap: gap, timeout: timeout, completion)
            completion.onCancel = run.cancel
            run.sendNext()
        }
    }

    func timerFired(_ token: TimerToken) {
        timer = nil
        sendNext()
    }

    func echoFinished(tag: Int, _ result: EchoResult) {
        results[tag] = result
        finished += 1
        if finished == results.count { completion.finish(results) }
    }

    private func sendNext() {
        let tag = sent
        sent += 1
        if sent < results.count {
            let due = startedAt + UInt64(sent) * gapNanoseconds
            timer = engine.loop.arm(self, afterNanoseconds: due > engine.loop.now ? due - engine.loop.now : 0)
        }
        tickets.append(engine.send(to: address, packet, timeoutNanoseconds: deadline, tag: tag, self))
    }

    private func cancel() {
        if let timer { engine.loop.disarm(timer) }
        timer = nil
        for ticket in tickets { ticket?.cancel() }
        completion.finish(results)
    }
}
