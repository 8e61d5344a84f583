import CLinux
import EventLoop
import Glibc

/// Sends a series of datagrams at an even pace, and takes what comes back.
///
/// Holds 40 bytes a datagram. The loop keeps it until it is over.
final class DatagramSeries<Form: SeriesForm>: ReadinessHandler, TimerHandler {
    struct Report: Sendable {
        var result: SeriesResult
        var form: Form
    }

    typealias Result = Swift.Result<Report, SystemError>

    private static var datagramsPerMillisecond: Int { 64 }

    private let options: SeriesOptions
    private let isV4: Bool
    private let loop: EventLoop
    private let socket: TimedSocket
    private let buffer: TimedSocket.Buffer
    private var form: Form
    private var tally: SeriesTally
    private var departures: [Departure] = []
    private var answers: [Double?] = []
    private var roundTrips = RoundTripSum()
    private var timeSource: TimeSource?
    private var notice: SeriesResult.Notice?
    private var failure: SystemError?
    private var start: UInt64 = 0
    /// When the last datagram was sent, or the last answer to one came.
    private var quietSince: UInt64 = 0
    private var timer: TimerToken?
    private var isOver = false
    private var done: (Result) -> Void = { _ in }

    init(
        _ form: Form,
        to destination: SocketAddress,
        _ options: SeriesOptions,
        _ buffer: TimedSocket.Buffer,
        on loop: EventLoop
    ) throws(SystemError) {
        self.form = form
        self.options = options.clamped
        self.loop = loop
        self.buffer = buffer
        isV4 = destination.address.isV4
        tally = SeriesTally(count: self.options.count)
        socket = try TimedSocket(.udp, isV4: isV4, on: loop)
        try socket.setDSCP(self.options.dscp)
        if self.options.mayNotBeFragmented { try socket.keepWhole() }
        try socket.connect(destination)
    }

    /// Calls `done` once, when the series is over.
    func run(_ done: @escaping (Result) -> Void) {
        self.done = done
        do throws(SystemError) {
            try socket.register(self)
        } catch {
            return done(.failure(error))
        }
        start = clinux_monotonic_nanoseconds()
        advance()
    }

    func end() {
        guard !isOver else { return }
        isOver = true
        if let timer { loop.disarm(timer) }
        socket.close()
        if let failure, departures.isEmpty { return done(.failure(failure)) }
        let result = SeriesResult(
            sent: departures.count,
            received: tally.received,
            duplicates: tally.duplicates,
            reordered: tally.reordered,
            strangers: tally.strangers,
            roundTrips: answers,
            times: roundTrips.times,
            timeSource: timeSource,
            notice: notice
        )
        done(.success(Report(result: result, form: form)))
    }

    func timerFired(_ token: TimerToken) {
        timer = nil
        advance()
    }

    // MARK: Sending

    private func advance() {
        let now = clinux_monotonic_nanoseconds()
        if departures.count < options.count {
            sendWhatIsDue(now)
        }
        guard !isOver, timer == nil || departures.count == options.count else { return }
        let next = departures.count < options.count ? max(dueTime(departures.count), now + 500_000) : quietEnd
        guard departures.count < options.count || next > now else { return end() }
        if let timer { loop.disarm(timer) }
        timer = loop.arm(self, afterNanoseconds: next > loop.now ? next - loop.now : 0)
    }

    private func dueTime(_ number: Int) -> UInt64 {
        start + UInt64(options.gap.inNanoseconds) * UInt64(number)
    }

    /// When nothing more is waited for: copies of the last answer may come as late as that did.
    private var quietEnd: UInt64 {
        let timeout = UInt64(options.timeout.inNanoseconds)
        let isWhole = tally.received == options.count
        return quietSince + (isWhole ? min(timeout, roundTrips.most) : timeout)
    }

    private func sendWhatIsDue(_ now: UInt64) {
        let gap = UInt64(options.gap.inNanoseconds)
        let due = gap == 0 ? options.count : min(options.count, Int((now - start) / gap) + 1)
        let count = min(due - departures.count, Self.datagramsPerMillisecond)
        guard count > 0 else { return }
        let realtime = clinux_realtime_nanoseconds()
        var data: [UInt8] = []
        data.reserveCapacity(count * form.bytes)
        for number in departures.count..<departures.count + count { form.append(number, at: realtime, to: &data) }
        let departure = Departure(monotonic: clinux_monotonic_nanoseconds(), realtime: realtime)
        quietSince = departure.monotonic
        do throws(SystemError) {
            let sent = try socket.send(data[...], size: form.bytes).count
            departures.append(contentsOf: repeatElement(departure, count: sent))
            answers.append(contentsOf: repeatElement(nil, count: sent))
        } catch {
            guard error.code != EAGAIN, error.code != ENOBUFS else { return }
            failure = error
            end()
        }
    }

    // MARK: Receiving

    func ready(_ readiness: Readiness) {
        let read = clinux_monotonic_nanoseconds()
        var more = true
        var batches = 0
        // Who floods is read on in the next turn, after everybody else.
        while more, !isOver, batches < TimedSocket.batchesPerTurn {
            batches += 1
            var arrivals: [(clinux_timed_event, ArraySlice<UInt8>)] = []
            more = socket.receive(fromErrorQueue: false, buffer) { arrivals.append(($0, $1)) }
            readErrors()
            for (event, data) in arrivals { take(event, data, read) }
        }
        guard !isOver else { return }
        // Whoever has refused one refuses the others as well.
        if notice?.isPortUnreachable == true, tally.received == 0 { return end() }
        if departures.count == options.count { advance() }
    }

    private func take(_ event: clinux_timed_event, _ data: ArraySlice<UInt8>, _ read: UInt64) {
        guard let number = form.number(of: data), number < departures.count else {
            _ = tally.take(-1)
            return
        }
        let arrival = tally.take(number)
        let times = SeriesTimes(departure: departures[number], arrived: event.nanoseconds, read: read)
        let roundTrip = form.take(data, to: number, isCopy: arrival == .copy, times)
        guard arrival == .first else { return }
        roundTrips.add(roundTrip.nanoseconds)
        answers[number] = Double(roundTrip.nanoseconds) / 1_000_000
        timeSource = max(timeSource ?? roundTrip.source, roundTrip.source)
        if tally.received == options.count { quietSince = read }
    }

    private func readErrors() {
        socket.drain(fromErrorQueue: true, buffer) { event, _ in
            switch UInt32(event.kind) {
            case CLINUX_TIMED_SENT.rawValue:
                let key = Int(socket.key(of: event))
                if departures.indices.contains(key) { departures[key].kernel = event.nanoseconds }
            case CLINUX_TIMED_NOTICE.rawValue:
                let (type, code) = (event.type, event.code)
                let isClosed = isV4 ? (type, code) == (3, 3) : (type, code) == (1, 4)
                notice = .init(type: type, code: code, isPortUnreachable: isClosed)
            default: break
            }
        }
    }
}
