import EventLoop

/// A series of datagrams without the socket that sends them: which are due when, and what comes of them.
///
/// Holds 40 bytes a datagram. Times are nanoseconds: of a clock that never goes back, and of the wall's where that is
/// said.
struct SeriesCourse<Form: SeriesForm>: Sendable {
    struct Report: Sendable {
        var result: SeriesResult
        var form: Form
    }

    private static var datagramsPerMillisecond: Int { 64 }

    private let options: SeriesOptions
    private let isV4: Bool
    private let start: UInt64
    private(set) var form: Form
    private var tally: SeriesTally
    private var departures: [Departure] = []
    private var answers: [Double?] = []
    private var roundTrips = RoundTripSum()
    private var timeSource: TimeSource?
    private let commonSource: TimeSource?
    private var notice: SeriesResult.Notice?
    /// When the last datagram was sent, or the last answer to one came.
    private var quietSince: UInt64 = 0

    /// `source` is that of all times, where there is but one; options are clamped.
    init(_ form: Form, _ options: SeriesOptions, isV4: Bool, start: UInt64, source: TimeSource? = nil) {
        self.form = form
        self.options = options
        self.isV4 = isV4
        self.start = start
        commonSource = source
        tally = SeriesTally(count: options.count)
    }

    // MARK: Sending

    var sent: Int { departures.count }
    var isSent: Bool { departures.count == options.count }

    /// How many datagrams are to be sent now.
    func due(at now: UInt64) -> Int {
        let gap = UInt64(options.gap.inNanoseconds)
        let due = gap == 0 ? options.count : min(options.count, Int((now - start) / gap) + 1)
        return max(0, min(due - sent, Self.datagramsPerMillisecond))
    }

    /// The next so many datagrams, one behind the other, for a time of the wall clock.
    func datagrams(_ count: Int, at realtime: UInt64) -> [UInt8] {
        var data: [UInt8] = []
        data.reserveCapacity(count * form.bytes)
        for number in sent..<sent + count { form.append(number, at: realtime, to: &data) }
        return data
    }

    /// So many of them have left, which may be none.
    mutating func left(_ count: Int, _ departure: Departure) {
        quietSince = departure.monotonic
        departures.append(contentsOf: repeatElement(departure, count: count))
        answers.append(contentsOf: repeatElement(nil, count: count))
    }

    /// When the driver took a datagram, by the wall clock.
    mutating func departed(_ number: Int, at time: UInt64) {
        if departures.indices.contains(number) { departures[number].kernel = time }
    }

    /// When to look again; `nil` when nothing more is sent or waited for.
    func next(at now: UInt64) -> UInt64? {
        guard isSent else {
            let due = start + UInt64(options.gap.inNanoseconds) * UInt64(sent)
            return max(due, now + 500_000)
        }
        return quietEnd > now ? quietEnd : nil
    }

    /// When nothing more is waited for: copies of the last answer may come as late as that did.
    private var quietEnd: UInt64 {
        let timeout = UInt64(options.timeout.inNanoseconds)
        let isWhole = tally.received == options.count
        return quietSince + (isWhole ? min(timeout, roundTrips.most) : timeout)
    }

    // MARK: Receiving

    /// Takes what came from the target: when it arrived by the wall clock, 0 when nobody says, and when it was read.
    mutating func take(_ data: ArraySlice<UInt8>, arrived: UInt64, read: UInt64) {
        guard let number = form.number(of: data), number < sent else {
            _ = tally.take(-1)
            return
        }
        let arrival = tally.take(number)
        let times = SeriesTimes(departure: departures[number], arrived: arrived, read: read)
        let roundTrip = form.take(data, to: number, isCopy: arrival == .copy, times)
        guard arrival == .first else { return }
        roundTrips.add(roundTrip.nanoseconds)
        answers[number] = Double(roundTrip.nanoseconds) / 1_000_000
        let source = commonSource ?? roundTrip.source
        timeSource = max(timeSource ?? source, source)
        if tally.received == options.count { quietSince = read }
    }

    /// Takes what a router or the target says of a datagram.
    mutating func noticed(type: UInt8, code: UInt8) {
        let isClosed = isV4 ? (type, code) == (3, 3) : (type, code) == (1, 4)
        notice = .init(type: type, code: code, isPortUnreachable: isClosed)
    }

    /// Whoever has refused one refuses the others as well.
    var isRefused: Bool { notice?.isPortUnreachable == true && tally.received == 0 }

    var report: Report {
        let result = SeriesResult(
            sent: sent,
            received: tally.received,
            duplicates: tally.duplicates,
            reordered: tally.reordered,
            strangers: tally.strangers,
            roundTrips: answers,
            times: roundTrips.times,
            timeSource: timeSource,
            notice: notice
        )
        return Report(result: result, form: form)
    }
}
