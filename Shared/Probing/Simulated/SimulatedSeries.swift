import Contracts
import EventLoop
import Simulation

/// Some datagrams to an echo service.
struct SimulatedUDPEcho: SimulatedProbe {
    let point: SimulatedPoint
    let address: IPAddress
    let port: UInt16
    let options: CheckOptions

    func run(_ look: SimulatedLook, _ done: @escaping (ProbeOutcome) -> Void) {
        var metadata = look.metadata
        metadata.integer("port", Int(port))
        let options = SeriesOptions(options).within(look.timeout).clamped
        let form = EchoForm(payloadBytes: options.payloadBytes)
        SimulatedSeries.run(form, options, to: SocketAddress(address, port: port), from: point) { [metadata] report in
            done(ProbeOutcome(startedAt: look.startedAt, report.result, metadata))
        }
    }
}

/// One session with a STAMP reflector, whose clock is the sender's.
struct SimulatedSTAMP: SimulatedProbe {
    let point: SimulatedPoint
    let address: IPAddress
    let port: UInt16
    let options: CheckOptions

    func run(_ look: SimulatedLook, _ done: @escaping (ProbeOutcome) -> Void) {
        var metadata = look.metadata
        metadata.integer("port", Int(port))
        let options = SeriesOptions(options).within(look.timeout).clamped
        let form = STAMPForm(options, clockError: STAMPClockError(nanoseconds: 0))
        SimulatedSeries.run(form, options, to: SocketAddress(address, port: port), from: point) { [metadata] report in
            var metadata = metadata
            let result = report.form.result(report.result)
            metadata.add(result)
            done(ProbeOutcome(startedAt: look.startedAt, result.series, metadata))
        }
    }
}

/// A series of datagrams in a simulated network, which keeps it until it is over.
private final class SimulatedSeries<Form: SeriesForm> {
    private let network: SimulatedNetwork
    private let done: (SeriesCourse<Form>.Report) -> Void
    private var course: SeriesCourse<Form>
    private var socket: SimulatedSocket?
    /// The time at which it will be looked after.
    private var alarm: UInt64?

    private init(
        _ course: SeriesCourse<Form>,
        _ network: SimulatedNetwork,
        _ done: @escaping (SeriesCourse<Form>.Report) -> Void
    ) {
        self.course = course
        self.network = network
        self.done = done
    }

    /// Calls `done` once; options are clamped.
    static func run(
        _ form: Form,
        _ options: SeriesOptions,
        to address: SocketAddress,
        from point: SimulatedPoint,
        _ done: @escaping (SeriesCourse<Form>.Report) -> Void
    ) {
        let network = point.network
        let isV4 = address.address.isV4
        let course = SeriesCourse(form, options, isV4: isV4, start: network.now, source: .simulation)
        let series = SimulatedSeries(course, network, done)
        series.socket = point.vantage.socket(
            to: address.address,
            port: address.port,
            mayBeFragmented: !options.mayNotBeFragmented
        ) { series.take($0) }
        series.advance()
    }

    private func advance() {
        guard socket != nil else { return }
        let now = network.now
        let count = course.due(at: now)
        if count > 0 {
            let data = course.datagrams(count, at: network.clock)
            course.left(count, Departure(monotonic: now, realtime: network.clock))
            for start in stride(from: 0, to: data.count, by: course.form.bytes) {
                socket?.send(Array(data[start..<start + course.form.bytes]))
            }
        }
        guard let next = course.next(at: now) else { return end() }
        guard alarm != next else { return }
        alarm = next
        network.schedule(at: next) { [self] in
            guard alarm == next else { return }
            alarm = nil
            advance()
        }
    }

    private func take(_ arrival: SimulatedSocket.Arrival) {
        switch arrival {
        case .datagram(let data): course.take(data[...], arrived: network.clock, read: network.now)
        case .notice(let notice): course.noticed(type: notice.type, code: notice.code)
        }
        if course.isRefused { return end() }
        if course.isSent { advance() }
    }

    private func end() {
        guard let socket else { return }
        self.socket = nil
        socket.close()
        done(course.report)
    }
}
