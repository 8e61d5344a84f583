import CLinux
import EventLoop
import Glibc

/// Sends a series of datagrams on a socket at an even pace, and takes what comes back.
///
/// The loop keeps it until it is over.
final class DatagramSeries<Form: SeriesForm>: ReadinessHandler, TimerHandler {
    typealias Result = Swift.Result<SeriesCourse<Form>.Report, SystemError>

    private let loop: EventLoop
    private let socket: TimedSocket
    private let buffer: TimedSocket.Buffer
    private var course: SeriesCourse<Form>
    private var failure: SystemError?
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
        let (options, isV4) = (options.clamped, destination.address.isV4)
        self.loop = loop
        self.buffer = buffer
        socket = try TimedSocket(.udp, isV4: isV4, on: loop)
        try socket.setDSCP(options.dscp)
        if options.mayNotBeFragmented { try socket.keepWhole() }
        try socket.connect(destination)
        course = SeriesCourse(form, options, isV4: isV4, start: clinux_monotonic_nanoseconds())
    }

    /// Calls `done` once, when the series is over.
    func run(_ done: @escaping (Result) -> Void) {
        self.done = done
        do throws(SystemError) {
            try socket.register(self)
        } catch {
            return done(.failure(error))
        }
        advance()
    }

    func end() {
        guard !isOver else { return }
        isOver = true
        if let timer { loop.disarm(timer) }
        socket.close()
        if let failure, course.sent == 0 { return done(.failure(failure)) }
        done(.success(course.report))
    }

    func timerFired(_ token: TimerToken) {
        timer = nil
        advance()
    }

    // MARK: Sending

    private func advance() {
        let now = clinux_monotonic_nanoseconds()
        if !course.isSent { sendWhatIsDue(now) }
        guard !isOver, timer == nil || course.isSent else { return }
        guard let next = course.next(at: now) else { return end() }
        if let timer { loop.disarm(timer) }
        timer = loop.arm(self, afterNanoseconds: next > loop.now ? next - loop.now : 0)
    }

    private func sendWhatIsDue(_ now: UInt64) {
        let count = course.due(at: now)
        guard count > 0 else { return }
        let realtime = clinux_realtime_nanoseconds()
        let data = course.datagrams(count, at: realtime)
        let departure = Departure(monotonic: clinux_monotonic_nanoseconds(), realtime: realtime)
        do throws(SystemError) {
            course.left(try socket.send(data[...], size: course.form.bytes).count, departure)
        } catch {
            course.left(0, departure)
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
            for (event, data) in arrivals { course.take(data, arrived: event.nanoseconds, read: read) }
        }
        guard !isOver else { return }
        if course.isRefused { return end() }
        if course.isSent { advance() }
    }

    private func readErrors() {
        socket.drain(fromErrorQueue: true, buffer) { event, _ in
            switch UInt32(event.kind) {
            case CLINUX_TIMED_SENT.rawValue: course.departed(Int(socket.key(of: event)), at: event.nanoseconds)
            case CLINUX_TIMED_NOTICE.rawValue: course.noticed(type: event.type, code: event.code)
            default: break
            }
        }
    }
}
