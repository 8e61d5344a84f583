import Contracts
public import EventLoop

/// Decides which packets a trace sends and when, and keeps what comes back.
///
/// Knows no socket and no clock. Its owner asks for the next `step` whenever something has happened or the time has come, does what it says, and hands
/// in what comes. Packets are under way to many hops at once: a trace takes little longer than one hop's timeout,
/// however many routers are silent. Holds a few dozen bytes a flow and hop, and as much a packet under way.
public struct PathTracer: Sendable {
    /// Times are nanoseconds of any clock that does not jump.
    public enum Step: Equatable, Sendable {
        case send(TracePacketID)
        case wait(until: UInt64)
        case finished
    }

    /// What one flow is up to.
    private struct Progress {
        /// The hop to be asked next.
        var hop = 1
        var round = 0
        var inFlight = 0
        /// The last hop that has answered.
        var answered = 0
        /// The hop at which the flow ends, when that is known.
        var end: Int?
        var refusal: TraceAnswer?
        var sentAt: UInt64 = 0
        var longestRoundTrip: UInt64 = 0
        /// Whether a packet has had no answer.
        var hasLost = false
        /// Routers quote too little to tell which packet they are speaking of.
        var isOneByOne = false
        /// Silent hops are to be asked again, as soon as nothing is under way.
        var looksAgain = false
        /// Hops that have answered are left out of this round.
        var skipsAnswered = false
    }

    private struct Waiting {
        var packet: TracePacketID
        var sentAt: UInt64
    }

    /// Beyond its window a flow asks another hop so often.
    private static let pace: UInt64 = 25_000_000
    /// Hops behind the last that answered which are asked again when the target has been silent in the first round.
    private static let reach = 4
    /// How much longer than the longest round trip so far one is patient.
    private static let patienceFactor: UInt64 = 4
    static let maximumInFlight = 4_096

    public let options: TraceOptions
    /// One packet of a flow at a time.
    private let isSequential: Bool
    private let gap: UInt64
    private let timeout: UInt64
    private let leastPatience: UInt64
    /// When the trace is over at the latest; known from the first step on.
    private var end: UInt64?
    private var flows: [Progress]
    /// Of each flow and hop.
    private var cells: [TraceCell]
    private var inFlight: [UInt16: TracePacketID] = [:]
    private var queue: [Waiting] = []
    private var queueHead = 0
    private var nextNumber: UInt16 = 1
    private var nextFlow = 0
    private var mayNotSendBefore: UInt64 = 0
    private var timeSource: TimeSource?
    /// Answers to nothing that is under way: late ones, copies and forgeries.
    public private(set) var strays = 0

    public init(_ options: TraceOptions, isSequential: Bool = false) {
        self.options = options.clamped
        self.isSequential = isSequential
        gap = UInt64(self.options.gap.inNanoseconds)
        timeout = UInt64(self.options.hopTimeout.inNanoseconds)
        leastPatience = UInt64(self.options.patience.inNanoseconds)
        flows = Array(repeating: Progress(), count: self.options.flows)
        cells = Array(repeating: TraceCell(), count: self.options.flows * self.options.maximumHops)
    }

    /// What to do now.
    ///
    /// A packet it says to send counts as sent.
    public mutating func step(at now: UInt64) -> Step {
        let end = self.end ?? now + UInt64(options.limit.inNanoseconds)
        self.end = end
        guard now < end else { return .finished }
        expire(now)
        if now >= mayNotSendBefore, inFlight.count < Self.maximumInFlight, let flow = flowToSend(now) {
            return .send(send(flow, now))
        }
        guard let next = nextEvent(now) else { return .finished }
        return .wait(until: min(next, end))
    }

    /// Takes an answer to packet `number`; `false` when that is not under way.
    @discardableResult
    public mutating func take(_ answer: TraceAnswer, to number: UInt16) -> Bool {
        guard let packet = inFlight.removeValue(forKey: number) else {
            strays += 1
            return false
        }
        flows[packet.flow].inFlight -= 1
        timeSource = max(timeSource ?? answer.timeSource, answer.timeSource)
        cells[index(packet)].take(answer)
        flows[packet.flow].answered = max(flows[packet.flow].answered, packet.hop)
        flows[packet.flow].longestRoundTrip = max(flows[packet.flow].longestRoundTrip, answer.roundTripNanoseconds)
        switch answer.meaning {
        case .transit: break
        case .target:
            if flows[packet.flow].refusal != nil || packet.hop < flows[packet.flow].end ?? .max {
                flows[packet.flow].end = packet.hop
            }
            flows[packet.flow].refusal = nil
        case .refusal:
            // A target that is reached at times is reached.
            guard flows[packet.flow].end == nil || flows[packet.flow].refusal != nil else { break }
            guard packet.hop < flows[packet.flow].end ?? .max else { break }
            flows[packet.flow].end = packet.hop
            flows[packet.flow].refusal = answer
        }
        return true
    }

    /// The packet could not be sent, or nothing will come of it any more.
    public mutating func giveUp(_ number: UInt16) {
        guard let packet = inFlight.removeValue(forKey: number) else { return }
        flows[packet.flow].inFlight -= 1
        flows[packet.flow].hasLost = true
    }

    /// Which packet of a flow an answer without a number is for: the only one that it can be.
    ///
    /// Where there are several, the flow goes on with one packet at a time, and looks again at hops that seem silent.
    public mutating func unnumbered(of flow: Int) -> UInt16? {
        let progress = flows[flow]
        let isCertain = progress.isOneByOne ? !progress.looksAgain : !progress.hasLost
        if progress.inFlight == 1, isCertain { return inFlight.first { $0.value.flow == flow }?.key }
        if !progress.isOneByOne { (flows[flow].isOneByOne, flows[flow].looksAgain) = (true, true) }
        return nil
    }

    // MARK: Sending

    private mutating func flowToSend(_ now: UInt64) -> Int? {
        for offset in flows.indices {
            let flow = (nextFlow + offset) % flows.count
            guard wantsToSend(flow), earliest(flow) <= now else { continue }
            nextFlow = (flow + 1) % flows.count
            return flow
        }
        return nil
    }

    private mutating func send(_ flow: Int, _ now: UInt64) -> TracePacketID {
        while inFlight[nextNumber] != nil || nextNumber == 0 { nextNumber &+= 1 }
        let packet = TracePacketID(number: nextNumber, flow: flow, hop: flows[flow].hop)
        nextNumber &+= 1
        inFlight[packet.number] = packet
        cells[index(packet)].sent += 1
        queue.append(Waiting(packet: packet, sentAt: now))
        flows[flow].inFlight += 1
        flows[flow].sentAt = now
        flows[flow].hop += 1
        skipAnswered(flow)
        mayNotSendBefore = now + gap
        return packet
    }

    private func patience(_ flow: Int) -> UInt64 {
        let longest = flows[flow].longestRoundTrip
        guard isSequential || flows[flow].isOneByOne || flows[flow].end != nil, longest > 0 else { return timeout }
        return min(timeout, max(longest * Self.patienceFactor, leastPatience))
    }

    /// Whether a flow has a packet to send, though perhaps not yet; begins its next round when one is over.
    private mutating func wantsToSend(_ flow: Int) -> Bool {
        if flows[flow].looksAgain {
            guard flows[flow].inFlight == 0 else { return false }
            lookAgain(flow)
        }
        while flows[flow].hop > limit(flow), flows[flow].round + 1 < options.packetsPerHop, hasEnded(flow) {
            flows[flow].round += 1
            flows[flow].hop = 1
            flows[flow].skipsAnswered = false
        }
        return isWanting(flow)
    }

    /// Begins to ask silent hops again, for which what was sent before does not count.
    private mutating func lookAgain(_ flow: Int) {
        flows[flow].looksAgain = false
        flows[flow].skipsAnswered = true
        flows[flow].hop = 1
        for hop in 1...limit(flow) where cell(flow, hop).received == 0 { cells[cellIndex(flow, hop)].sent = 0 }
        skipAnswered(flow)
    }

    private mutating func skipAnswered(_ flow: Int) {
        guard flows[flow].skipsAnswered else { return }
        while isWanting(flow), cell(flow, flows[flow].hop).received > 0 { flows[flow].hop += 1 }
    }

    private func isWanting(_ flow: Int) -> Bool { flows[flow].hop <= limit(flow) }

    /// Whether a flow's round is over, so that where the path ends is known as well as it will be.
    private func hasEnded(_ flow: Int) -> Bool { flows[flow].end != nil || flows[flow].inFlight == 0 }

    private func limit(_ flow: Int) -> Int {
        if let end = flows[flow].end { return end }
        guard flows[flow].round > 0 else { return options.maximumHops }
        return min(options.maximumHops, flows[flow].answered + Self.reach)
    }

    /// When a flow's next packet may be sent as far as the flow is concerned.
    private func earliest(_ flow: Int) -> UInt64 {
        let progress = flows[flow]
        if isSequential || progress.isOneByOne { return progress.inFlight == 0 ? 0 : .max }
        let isNear = progress.hop <= max(progress.answered, options.expectedHops) + options.window
        return isNear ? 0 : progress.sentAt + Self.pace
    }

    // MARK: Waiting

    private func deadline(of waiting: Waiting) -> UInt64 { waiting.sentAt + patience(waiting.packet.flow) }

    private mutating func expire(_ now: UInt64) {
        while queueHead < queue.count {
            let first = queue[queueHead]
            let isUnderWay = inFlight[first.packet.number] == first.packet
            guard !isUnderWay || deadline(of: first) <= now else { break }
            if isUnderWay { giveUp(first.packet.number) }
            queueHead += 1
        }
        guard queueHead > 256 || queueHead == queue.count else { return }
        queue.removeFirst(queueHead)
        queueHead = 0
    }

    /// When something is to be done next; `nil` when nothing is left to do.
    private func nextEvent(_ now: UInt64) -> UInt64? {
        var next: UInt64?
        if queueHead < queue.count { next = deadline(of: queue[queueHead]) }
        guard inFlight.count < Self.maximumInFlight else { return next }
        for flow in flows.indices where isWanting(flow) || hasMoreRounds(flow) || flows[flow].looksAgain {
            let time = max(earliest(flow), mayNotSendBefore)
            if time < .max { next = min(next ?? .max, max(time, now)) }
        }
        return next
    }

    private func hasMoreRounds(_ flow: Int) -> Bool {
        flows[flow].round + 1 < options.packetsPerHop && hasEnded(flow)
    }

    // MARK: Result

    private func index(_ packet: TracePacketID) -> Int { cellIndex(packet.flow, packet.hop) }

    private func cellIndex(_ flow: Int, _ hop: Int) -> Int { flow * options.maximumHops + hop - 1 }

    private func cell(_ flow: Int, _ hop: Int) -> TraceCell { cells[cellIndex(flow, hop)] }

    /// What is known so far.
    public func trace(of target: IPAddress) -> PathTrace {
        let ways = flows.indices.map { flow in
            let start = flow * options.maximumHops
            let end = flows[flow].end ?? flows[flow].answered
            return PathTrace.Flow(
                cells: cells[start..<start + end],
                ending: flows[flow].refusal.map { .refused(type: $0.type, code: $0.code) }
                    ?? (flows[flow].end == nil ? .silent : .reached),
                target: target
            )
        }
        let last = flows.indices.map { flows[$0].end ?? flows[$0].answered }.max() ?? 0
        let hops = (0..<last).map { hop in
            PathTrace.Hop(
                number: hop + 1,
                cells: flows.indices.compactMap { flow in
                    let end = flows[flow].end ?? options.maximumHops
                    return hop < end ? cells[flow * options.maximumHops + hop] : nil
                }
            )
        }
        return PathTrace(
            target: target,
            mode: options.mode,
            hops: hops,
            flows: ways,
            sent: cells.reduce(0) { $0 + $1.sent },
            timeSource: timeSource
        )
    }
}
