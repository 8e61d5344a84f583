public import EventLoop

/// Sends series of datagrams from one loop: to echo services (RFC 862) and to session reflectors (RFC 8762).
///
/// Each series has a socket of its own while it lasts. To be used on the loop's thread only.
public final class UDPEngine {
    public let loop: EventLoop
    private let maximumSeries: Int
    private var underWay = 0
    /// Of what comes back no more is looked at.
    private let buffer = TimedSocket.Buffer(stride: 64)

    public init(on loop: EventLoop, maximumSeries: Int = 1_024) {
        self.loop = loop
        self.maximumSeries = maximumSeries
    }

    /// Sends datagrams to an echo service; a series that is cancelled ends with what has come.
    ///
    /// Throws `ProbingError` with `system` when the kernel refuses, as it does for an address without a route.
    public func echo(
        with destination: SocketAddress,
        _ options: SeriesOptions = SeriesOptions()
    ) async throws(ProbingError) -> SeriesResult {
        try await run(EchoForm(payloadBytes: options.clamped.payloadBytes), destination, options).result
    }

    func run<Form: SeriesForm>(
        _ form: Form,
        _ destination: SocketAddress,
        _ options: SeriesOptions
    ) async throws(ProbingError) -> SeriesCourse<Form>.Report {
        guard underWay < maximumSeries else { throw ProbingError(.system, "too many series are under way") }
        underWay += 1
        defer { underWay -= 1 }
        let result: DatagramSeries<Form>.Result = await Completion.value(on: loop) { completion in
            do throws(SystemError) {
                let series = try DatagramSeries(form, to: destination, options, buffer, on: loop)
                completion.onCancel = { series.end() }
                series.run { completion.finish($0) }
            } catch {
                completion.finish(.failure(error))
            }
        }
        do throws(SystemError) {
            return try result.get()
        } catch {
            throw ProbingError(.system, "a series of datagrams", cause: error)
        }
    }
}
