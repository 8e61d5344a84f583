import CLinux
public import EventLoop
import Glibc

/// Answers STAMP session senders (RFC 8762), unauthenticated, at one UDP port.
///
/// Says when a datagram came by the kernel's clock, and counts what it sends to each sender, so that a loss has a
/// direction. An answer is as long as its question, goes where that came from, and never to a reflector's own port: it
/// makes nothing larger, and nothing that goes round. Answers no more than so many a second, and remembers no more than
/// so many senders. To be used on the loop's thread only, and closed there.
public final class STAMPReflector: ReadinessHandler {
    public struct Limits: Sendable {
        public var answersPerSecond = 20_000
        public var maximumSessions = 4_096
        /// A sender that is silent for so long is forgotten (REFWAIT).
        public var sessionTimeout = Duration.seconds(60)

        public init() {}
    }

    public struct Statistics: Equatable, Sendable {
        public var reflected = 0
        /// Too short, or from a reflector's port.
        public var ignored = 0
        /// Over the limits.
        public var refused = 0
    }

    private struct Session {
        var sent: UInt32 = 0
        var lastAt: UInt64
    }

    private static let customaryPort: UInt16 = 862
    private static let maximumBytes = 1_500
    /// How often the clock's state is asked for, and forgotten senders are looked for, at the most.
    private static let interval: UInt64 = 1_000_000_000

    public let address: SocketAddress
    public private(set) var statistics = Statistics()
    private let limits: Limits
    /// Whether it counts what it sends to each sender; if not, it repeats their numbers.
    private let isStateful: Bool
    private let loop: EventLoop
    private let socket: TimedSocket
    private let buffer = TimedSocket.Buffer(stride: maximumBytes)
    private var sessions: [SocketAddress: Session] = [:]
    private var tokens: Double
    private var filledAt: UInt64
    private var clockError = STAMPClockError.ofThisHost
    private var clockReadAt: UInt64
    private var sweptAt: UInt64 = 0
    private var answer: [UInt8] = []

    /// Listens at an address; at any port when that is 0.
    ///
    /// Throws `SystemError`, with `EACCES` for a port below 1024 that this process may not have.
    public init(
        at address: SocketAddress,
        limits: Limits = Limits(),
        isStateful: Bool = true,
        on loop: EventLoop
    ) throws(SystemError) {
        self.limits = limits
        self.isStateful = isStateful
        self.loop = loop
        socket = try TimedSocket(.udp, isV4: address.address.isV4, on: loop)
        try socket.serve()
        try socket.bind(address)
        self.address = try socket.localAddress()
        tokens = Double(limits.answersPerSecond)
        filledAt = loop.now
        clockReadAt = loop.now
        try socket.register(self)
    }

    public func close() { socket.close() }

    public func ready(_ readiness: Readiness) {
        readClock()
        socket.drain(fromErrorQueue: false, buffer) { reflect($0, $1) }
        // What routers say of answers; left there it would wake the loop again and again.
        socket.drain(fromErrorQueue: true, buffer) { _, _ in }
    }

    private func reflect(_ event: clinux_timed_event, _ data: ArraySlice<UInt8>) {
        let sender = SocketAddress(event.sender(isV4: socket.isV4), port: event.port)
        guard let request = STAMPRequest(data), sender.port != address.port, sender.port != Self.customaryPort,
            sender.port != 0
        else {
            statistics.ignored += 1
            return
        }
        guard takeToken() else {
            statistics.refused += 1
            return
        }
        let sequence = number(for: sender, request)
        let now = clinux_realtime_nanoseconds()
        answer.removeAll(keepingCapacity: true)
        STAMPReflection(
            sequence: sequence,
            time: NTPTime(realtimeNanoseconds: now),
            received: NTPTime(realtimeNanoseconds: event.nanoseconds > 0 ? event.nanoseconds : now),
            clockError: clockError,
            request: request,
            hopLimit: event.hop_limit
        ).append(to: &answer, bytes: data.count)
        // The sender's own words for its clock, also those that are not understood.
        answer.replaceSubrange(36..<38, with: data[(data.startIndex + 12)..<(data.startIndex + 14)])
        socket.answer(event, answer[...])
        statistics.reflected += 1
    }

    /// The sender's own number where none of ours is kept: one sender more than can be remembered learns no direction
    /// of its losses, and nobody is refused for the others.
    private func number(for sender: SocketAddress, _ request: STAMPRequest) -> UInt32 {
        guard isStateful else { return request.sequence }
        if sessions[sender] == nil, sessions.count >= limits.maximumSessions {
            forgetSessions()
            guard sessions.count < limits.maximumSessions else { return request.sequence }
        }
        var session = sessions[sender] ?? Session(lastAt: loop.now)
        defer {
            session.sent &+= 1
            session.lastAt = loop.now
            sessions[sender] = session
        }
        return session.sent
    }

    /// Looks through all of them, which is not to be done for every datagram of a flood.
    private func forgetSessions() {
        guard loop.now - sweptAt >= Self.interval else { return }
        sweptAt = loop.now
        let oldest = loop.now - min(loop.now, UInt64(limits.sessionTimeout.inNanoseconds))
        sessions = sessions.filter { $0.value.lastAt > oldest }
    }

    private func takeToken() -> Bool {
        let rate = Double(limits.answersPerSecond)
        tokens = min(rate, tokens + Double(loop.now - filledAt) * 1e-9 * rate)
        filledAt = loop.now
        guard tokens >= 1 else { return false }
        tokens -= 1
        return true
    }

    private func readClock() {
        guard loop.now - clockReadAt >= Self.interval else { return }
        clockReadAt = loop.now
        clockError = .ofThisHost
    }
}
