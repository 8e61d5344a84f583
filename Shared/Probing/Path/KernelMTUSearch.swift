import CLinux
import Contracts
public import EventLoop
import Glibc

extension PathEngine {
    /// Looks for the largest packet that reaches an address whole, with ICMP echoes that may not be fragmented; their
    /// answers are as large.
    ///
    /// Throws `ProbingError` with `permission` when ICMP is not allowed, and with `system` when the kernel refuses.
    public func mtu(
        of target: IPAddress,
        timeout: Duration = .seconds(1),
        gap: Duration = .milliseconds(5)
    ) async throws(ProbingError) -> PathMTU {
        let result: Result<PathMTU, ProbingError> = await Completion.value(on: loop) { completion in
            let search = MTUSearch(
                isV4: target.isV4,
                timeout: UInt64(max(1, timeout.inNanoseconds)),
                gap: UInt64(max(0, gap.inNanoseconds))
            )
            do throws(SystemError) {
                let driver = try KernelMTUSearch(of: target, search, self, completion)
                completion.onCancel = { driver.end() }
                driver.advance()
            } catch {
                completion.finish(.failure(ProbingError(error, "ICMP")))
            }
        }
        return try result.get()
    }
}

/// One search under way: does what it says, with a ping socket.
private final class KernelMTUSearch: ReadinessHandler, TimerHandler {
    private static let attempts = 16
    private static let echoHeader = 8

    private let target: IPAddress
    private let engine: PathEngine
    private let completion: Completion<Result<PathMTU, ProbingError>>
    private let socket: TimedSocket
    private let packet: TracePacket
    /// Whole answers, since their length counts; few come at once.
    private let buffer = TimedSocket.Buffer(stride: 65_536, batch: 4)
    private var search: MTUSearch
    private var timer: TimerToken?
    private var departures: [UInt16: (key: UInt64, bytes: Int, departure: Departure)] = [:]
    private var numbers: [UInt64: UInt16] = [:]
    private var last: RoundTrip?
    private var failure: SystemError?
    private var isOver = false

    init(
        of target: IPAddress,
        _ search: MTUSearch,
        _ engine: PathEngine,
        _ completion: Completion<Result<PathMTU, ProbingError>>
    ) throws(SystemError) {
        self.target = target
        self.search = search
        self.engine = engine
        self.completion = completion
        socket = try TimedSocket(.ping, isV4: target.isV4, on: engine.loop)
        let identifier = try Self.bind(socket, target)
        packet = TracePacket(
            mode: .icmp,
            cookie: .random(in: .min ... .max),
            sum: 0,
            identifier: identifier,
            isV4: target.isV4
        )
        try socket.keepWhole()
        try socket.connect(SocketAddress(target, port: 0))
        try socket.register(self)
    }

    func advance() {
        while !isOver {
            switch search.step(at: clinux_monotonic_nanoseconds()) {
            case .send(let number, let size): send(number, size)
            case .wait(let time):
                if let timer { engine.loop.disarm(timer) }
                let now = engine.loop.now
                timer = engine.loop.arm(self, afterNanoseconds: time > now ? time - now : 0)
                return
            case .finished: end()
            }
        }
    }

    func end() {
        guard !isOver else { return }
        isOver = true
        if let timer { engine.loop.disarm(timer) }
        socket.close()
        if let failure, search.mtu == nil {
            return completion.finish(.failure(ProbingError(failure, "ICMP")))
        }
        completion.finish(
            .success(
                PathMTU(
                    bytes: search.mtu,
                    evidence: search.evidence,
                    sent: search.sent,
                    received: search.received,
                    roundTripNanoseconds: last?.nanoseconds,
                    timeSource: last?.source
                )
            )
        )
    }

    func timerFired(_ token: TimerToken) {
        timer = nil
        advance()
    }

    func ready(_ readiness: Readiness) {
        let monotonic = clinux_monotonic_nanoseconds()
        var answers: [(UInt16, clinux_timed_event)] = []
        socket.drain(fromErrorQueue: false, buffer) { event, data in
            guard data.first == (target.isV4 ? 0 : 129), let number = packet.number(inReply: data) else { return }
            answers.append((number, event))
        }
        readErrors()
        for (number, event) in answers {
            // A shorter answer does not tell that the whole packet has arrived.
            guard let (key, bytes, departure) = departures[number], Int(event.size) == bytes else { continue }
            departures[number] = nil
            numbers[key] = nil
            let roundTrip = RoundTrip(departure, arrived: event.nanoseconds, read: monotonic)
            last = roundTrip
            search.answered(number, roundTripNanoseconds: roundTrip.nanoseconds)
        }
        advance()
    }

    private func readErrors() {
        socket.drain(fromErrorQueue: true, buffer) { event, data in
            switch UInt32(event.kind) {
            case CLINUX_TIMED_SENT.rawValue:
                guard let number = numbers[socket.key(of: event)] else { return }
                departures[number]?.departure.kernel = event.nanoseconds
            case CLINUX_TIMED_NOTICE.rawValue:
                let isTooBig = target.isV4 ? (event.type, event.code) == (3, 4) : event.type == 2
                guard isTooBig, let number = packet.number(in: data) else { return }
                search.tooBig(number, recommended: Int(event.info))
            default: break
            }
        }
    }

    private func send(_ number: UInt16, _ size: Int) {
        let payload = size - (target.isV4 ? 20 : 40) - Self.echoHeader
        let bytes = packet.bytes(number: number, payloadBytes: payload)
        let departure = Departure(monotonic: clinux_monotonic_nanoseconds(), realtime: clinux_realtime_nanoseconds())
        // What routers have said meanwhile must not be taken for what this host says of this packet.
        readErrors()
        do throws(SystemError) {
            let key = try socket.send(bytes[...], size: bytes.count).firstKey
            departures[number] = (key, bytes.count, departure)
            numbers[key] = number
        } catch {
            guard error.code == EMSGSIZE else {
                if error.code != EAGAIN, error.code != ENOBUFS {
                    failure = error
                    end()
                }
                return
            }
            search.refused(number, largest: largestAllowed())
        }
    }

    /// What the kernel says of the size that it has just refused.
    private func largestAllowed() -> Int {
        var largest = 0
        socket.drain(fromErrorQueue: true, buffer) { event, _ in
            if UInt32(event.kind) == CLINUX_TIMED_REFUSED.rawValue { largest = Int(event.info) }
        }
        return largest
    }

    private static func bind(_ socket: TimedSocket, _ target: IPAddress) throws(SystemError) -> UInt16 {
        var failure = SystemError(code: EADDRINUSE, message: "bind")
        for _ in 0..<attempts {
            let identifier = UInt16.random(in: 1...60_999)
            do throws(SystemError) {
                try socket.bind(SocketAddress(target.isV4 ? .any : IPAddress(v6: 0, 0), port: identifier))
                return identifier
            } catch {
                guard error.code == EADDRINUSE else { throw error }
                failure = error
            }
        }
        throw failure
    }
}
