import CLinux
public import EventLoop
import Statistics

/// What came of a STAMP session (RFC 8762).
public struct STAMPResult: Equatable, Sendable {
    /// One of the two ways.
    public struct Direction: Equatable, Sendable {
        /// Datagrams; `nil` when the reflector does not count, so that nobody can say which way lost them.
        public var lost: Int?
        /// Copies that came that way.
        public var duplicates = 0
        public var reordered = 0
        /// `nil` when the clocks of the two ends do not agree well enough.
        public var delays: RoundTripTimes?
        /// Milliseconds; of the delays' variation (RFC 3550), for which clocks need not agree.
        public var jitter = 0.0
    }

    /// Round trips without the time that the reflector had the datagrams for.
    public var series: SeriesResult
    /// Milliseconds, on the mean, that the reflector had a datagram for.
    public var processing: Double?
    public var forward = Direction()
    public var backward = Direction()
    /// Whether the reflector counts what it sends, so that losses have a direction.
    public var isStateful = false
    /// Lost behind the last datagram that was answered: either way.
    public var lostAtTheEnd = 0
    /// Milliseconds by which the two clocks may differ; `nil` when one of them is not kept right.
    public var clockError: Double?
}

extension UDPEngine {
    /// Sends a session to a reflector, by custom at port 862.
    ///
    /// Throws `ProbingError` as `echo` does.
    public func stamp(
        with reflector: SocketAddress,
        _ options: SeriesOptions = SeriesOptions()
    ) async throws(ProbingError) -> STAMPResult {
        let form = STAMPForm(options.clamped, clockError: STAMPClockError.ofThisHost)
        let report = try await run(form, reflector, options)
        return report.form.result(report.result)
    }
}

extension STAMPClockError {
    static var ofThisHost: STAMPClockError {
        let error = clinux_clock_error_nanoseconds()
        return STAMPClockError(nanoseconds: error < 0 ? nil : UInt64(error))
    }
}

/// The datagrams of a session, and what their reflections tell.
///
/// Numbers begin at 1, as though the first datagram had been lost: a reflector that counts what it sends answers the
/// first with 0, and one that only repeats numbers gives itself away.
struct STAMPForm: SeriesForm {
    private static let first: UInt32 = 1

    /// One way's delays as the clocks have them, which need not agree.
    private struct Way {
        var delays = RoundTripSum()
        var variation = InterarrivalJitter()
        /// Clocks that agree make no delay below zero, and none above the round trip.
        var isPlausible = true
        var tally: SeriesTally

        mutating func add(_ nanoseconds: Int64, of roundTrip: RoundTrip) {
            variation.add(transit: Double(nanoseconds))
            guard nanoseconds >= 0, UInt64(nanoseconds) <= roundTrip.nanoseconds else {
                isPlausible = false
                return
            }
            delays.add(UInt64(nanoseconds))
        }
    }

    let bytes: Int
    private let clockError: STAMPClockError
    private var reflectorError = STAMPClockError(nanoseconds: nil)
    private var forward: Way
    private var backward: Way
    /// The reflector's number of the first reflection of each datagram; its greatest, and what it began with.
    private var numbers: [UInt32]
    private var greatest: UInt32?
    private var base: UInt32 = 0
    private var isStateful = false
    private var processing = RoundTripSum()

    init(_ options: SeriesOptions, clockError: STAMPClockError) {
        bytes = max(STAMPRequest.bytes, options.payloadBytes)
        self.clockError = clockError
        forward = Way(tally: SeriesTally(count: options.count))
        // Copies of datagrams are reflected as well.
        backward = Way(tally: SeriesTally(count: options.count * 2 + 64))
        numbers = Array(repeating: .max, count: options.count)
    }

    func append(_ number: Int, at realtime: UInt64, to data: inout [UInt8]) {
        let time = NTPTime(realtimeNanoseconds: realtime)
        STAMPRequest(sequence: UInt32(number) + Self.first, time: time, clockError: clockError)
            .append(to: &data, bytes: bytes)
    }

    func number(of answer: ArraySlice<UInt8>) -> Int? {
        guard let reflection = STAMPReflection(answer), reflection.request.sequence >= Self.first else { return nil }
        return Int(reflection.request.sequence - Self.first)
    }

    mutating func take(
        _ answer: ArraySlice<UInt8>,
        to number: Int,
        isCopy: Bool,
        _ times: SeriesTimes
    ) -> RoundTrip {
        guard let reflection = STAMPReflection(answer) else { return times.roundTrip }
        count(reflection, number, isCopy: isCopy)
        guard !isCopy else { return times.roundTrip }
        reflectorError = reflection.clockError
        let left = NTPTime(realtimeNanoseconds: times.left)
        if times.arrived > 0 {
            let arrived = NTPTime(realtimeNanoseconds: times.arrived)
            forward.add(reflection.received.nanoseconds(since: left), of: times.roundTrip)
            backward.add(arrived.nanoseconds(since: reflection.time), of: times.roundTrip)
        }
        var roundTrip = times.roundTrip
        let held = reflection.time.nanoseconds(since: reflection.received)
        // A reflector that says to have had it longer than it was away is not believed.
        guard held >= 0, UInt64(held) <= roundTrip.nanoseconds else { return roundTrip }
        processing.add(UInt64(held))
        roundTrip.nanoseconds -= UInt64(held)
        return roundTrip
    }

    private mutating func count(_ reflection: STAMPReflection, _ number: Int, isCopy: Bool) {
        if greatest == nil {
            isStateful = reflection.sequence != reflection.request.sequence
            // One that has been counting since before this session.
            if reflection.sequence > UInt32(number) { base = reflection.sequence - UInt32(number) }
        }
        greatest = max(greatest ?? 0, reflection.sequence)
        if !isCopy { numbers[number] = reflection.sequence }
        let isAnother =
            isStateful && reflection.sequence >= base
            && backward.tally.take(Int(reflection.sequence - base)) == .first
        // What the reflector has sent once has been copied on its way back.
        if !isCopy || isAnother { _ = forward.tally.take(number) }
    }

    func result(_ series: SeriesResult) -> STAMPResult {
        var result = STAMPResult(series: series)
        result.isStateful = isStateful
        result.processing = processing.times?.mean
        result.forward.jitter = RoundTripSum.milliseconds(forward.variation.jitter)
        result.backward.jitter = RoundTripSum.milliseconds(backward.variation.jitter)
        result.lostAtTheEnd = series.sent - forward.tally.greatest - 1
        if isStateful, let greatest, greatest >= base {
            // A reflector that lies tells no more losses than there can have been.
            countLosses(&result, reflected: min(Int(greatest - base) + 1, 2 * series.sent))
        } else if series.lost == 0 {
            (result.forward.lost, result.backward.lost) = (0, 0)
        }
        if let own = clockError.nanoseconds, let other = reflectorError.nanoseconds {
            result.clockError = RoundTripSum.milliseconds(Double(own) + Double(other))
            setDelays(&result)
        }
        return result
    }

    private func countLosses(_ result: inout STAMPResult, reflected: Int) {
        let answered = forward.tally.greatest + 1
        result.forward.duplicates = forward.tally.duplicates
        result.backward.duplicates = backward.tally.duplicates
        result.backward.reordered = backward.tally.reordered
        // What the reflector has answered is what came to it, copies included.
        result.forward.lost = max(0, answered - (reflected - forward.tally.duplicates))
        result.backward.lost = max(0, reflected - backward.tally.received)
        result.forward.reordered = forwardReordered
    }

    /// Datagrams that came to the reflector behind later ones: its numbers tell in which order.
    private var forwardReordered: Int {
        let order = numbers.enumerated().filter { $0.element != .max }.sorted { $0.element < $1.element }
        var greatest = -1
        return order.reduce(0) { count, item in
            defer { greatest = max(greatest, item.offset) }
            return item.offset < greatest ? count + 1 : count
        }
    }

    /// Delays of one way are told only where the clocks agree better than to half a round trip.
    private func setDelays(_ result: inout STAMPResult) {
        guard let error = result.clockError, let least = result.series.times?.least, error < least / 2,
            forward.isPlausible, backward.isPlausible
        else { return }
        result.forward.delays = forward.delays.times
        result.backward.delays = backward.delays.times
    }
}
