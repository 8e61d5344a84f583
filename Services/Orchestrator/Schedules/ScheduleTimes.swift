import Contracts
import Foundation
import JSONRPC

/// Tells when a schedule says yes.
///
/// A window is open at each moment at which clocks on the wall show a time in it. So what would open or close it at a
/// time that is skipped does so at the end of the skip, a window within the skip stays closed that day, and a time that
/// comes twice is in the window twice.
struct ScheduleTimes {
    /// A window in minutes of the day; one that closes on the day after has `to` above 1,440.
    private struct Window {
        /// Monday is 0.
        var days: Set<Int>
        var from: Int
        var to: Int
    }

    /// In microseconds.
    private struct Cycle {
        var start: Int64
        var duration: Int64
        var period: Int64

        func place(of time: Timestamp) -> Int64 { (time.microseconds - start) % period }
    }

    /// Between the runs of a chain.
    static let bufferSeconds = 120
    private static let maximumSpans = 5_000
    private static let longestRunSeconds = 31 * 86_400
    private static let longestPeriodSeconds = 366 * 86_400
    private static let minute: Int64 = 60_000_000
    private static let minutesPerDay = 1_440
    /// Each window opens and closes within a week; one that falls into a skipped hour does in the week after.
    private static let horizonDays = 15

    private let from: Timestamp
    private let until: Timestamp
    private let windows: [Window]?
    /// Minutes of the day at which one of them opens or closes, in order.
    private let edgeMinutes: [Int]
    private let cycle: Cycle?
    private let zone: TimeZone

    /// Throws `invalidParams` with the first field that breaks its rule; `prefix` says where the fields stand.
    init(_ schedule: Schedule, in prefix: String = "") throws(RPCError) {
        from = schedule.from ?? Timestamp(microseconds: .min)
        until = schedule.until ?? Timestamp(microseconds: .max)
        guard from < until else { throw invalid(prefix + "from", "must be before until") }
        let name = schedule.timeZone ?? "UTC"
        guard name == "UTC" || TimeZone.knownTimeZoneIdentifiers.contains(name), let zone = TimeZone(identifier: name)
        else {
            throw invalid(prefix + "time_zone", "must be a name of the IANA database, such as Europe/Vienna")
        }
        self.zone = zone
        cycle = try Self.cycle(of: schedule, in: prefix + "repeat")
        guard let all = schedule.windows else {
            windows = nil
            edgeMinutes = []
            return
        }
        try checkNumber(all.count, prefix + "windows", 1...20)
        var windows: [Window] = []
        for (index, window) in all.enumerated() {
            windows.append(try Self.window(window, in: prefix + "windows[\(index)]."))
        }
        self.windows = windows
        edgeMinutes = Set(windows.flatMap { [$0.from, $0.to % Self.minutesPerDay] }).sorted()
    }

    private static func cycle(of schedule: Schedule, in field: String) throws(RPCError) -> Cycle? {
        guard let repetition = schedule.repetition else { return nil }
        guard schedule.windows == nil else { throw invalid(field, "cannot be had together with windows") }
        let duration = repetition.durationSeconds
        try checkNumber(duration, field + ".duration_s", 1...longestRunSeconds)
        let pause = schedule.recurrence == .new ? bufferSeconds : 1
        let every = repetition.everySeconds ?? duration + bufferSeconds
        guard every >= duration + pause else {
            throw invalid(field + ".every_s", "must be at least \(pause) s more than duration_s")
        }
        try checkNumber(every, field + ".every_s", 1...longestPeriodSeconds)
        return Cycle(
            start: schedule.from?.microseconds ?? 0,
            duration: Int64(duration) * 1_000_000,
            period: Int64(every) * 1_000_000
        )
    }

    private static func window(_ window: Schedule.Window, in prefix: String) throws(RPCError) -> Window {
        let days = window.days ?? Schedule.Weekday.allCases
        guard !days.isEmpty else { throw invalid(prefix + "days", "must name a day, or be left out") }
        guard let from = minutes(window.from), from < minutesPerDay else {
            throw invalid(prefix + "from", "must be a time such as 08:00, from 00:00 to 23:59")
        }
        guard let to = minutes(window.to) else {
            throw invalid(prefix + "to", "must be a time such as 18:00, from 00:00 to 24:00")
        }
        return Window(
            days: Set(days.compactMap(Schedule.Weekday.allCases.firstIndex)),
            from: from,
            to: to > from ? to : to + minutesPerDay
        )
    }

    /// `nil` for a text that is no time of day with two digits for each of its parts.
    private static func minutes(_ text: String) -> Int? {
        let digits = text.utf8.map { Int($0) - 0x30 }
        guard digits.count == 5, digits[2] == 10, (digits[0...1] + digits[3...4]).allSatisfy((0...9).contains) else {
            return nil
        }
        let (hour, minute) = (digits[0] * 10 + digits[1], digits[3] * 10 + digits[4])
        guard minute < 60, hour * 60 + minute <= minutesPerDay else { return nil }
        return hour * 60 + minute
    }

    func isActive(at time: Timestamp) -> Bool {
        guard time >= from, time < until else { return false }
        if let cycle { return cycle.place(of: time) < cycle.duration }
        guard let windows else { return true }
        let (day, minute) = wallClock(time, offset(at: time))
        return windows.contains { window in
            window.days.contains(weekday(day)) && (window.from..<window.to).contains(minute)
                || window.days.contains(weekday(day - 1))
                    && (window.from..<window.to).contains(minute + Self.minutesPerDay)
        }
    }

    /// The first moment after `time` at which `isActive` becomes another; `nil` when it never does.
    func nextChange(after time: Timestamp) -> Timestamp? {
        if time < from {
            return isActive(at: from) ? from : nextChange(after: from)
        }
        guard time < until else { return nil }
        let isActive = isActive(at: time)
        if let cycle {
            let left = (isActive ? cycle.duration : cycle.period) - cycle.place(of: time)
            let edge = time.advanced(by: .microseconds(left))
            return edge < until ? edge : isActive ? until : nil
        }
        var start = time
        let end = time.advanced(by: .seconds(Self.horizonDays * 86_400))
        // Between two changes of the clocks, wall clocks go on evenly.
        while windows != nil, start < end {
            let change = nextClockChange(after: start).map { min($0, end) } ?? end
            let first = edges(from: start, to: change).first { self.isActive(at: $0) != isActive }
            if let edge = first ?? (self.isActive(at: change) != isActive ? change : nil) {
                return edge < until ? edge : isActive ? until : nil
            }
            start = change
        }
        return isActive && until.microseconds < .max ? until : nil
    }

    /// When it says yes in a span of time; `nil` when that changes too often to tell.
    func spans(from: Timestamp, to: Timestamp) -> [CheckHours.Span]? {
        var spans: [CheckHours.Span] = []
        var start: Timestamp? = isActive(at: from) ? from : nil
        var time = from
        while let change = nextChange(after: time), change < to {
            guard spans.count < Self.maximumSpans else { return nil }
            if let begun = start {
                spans.append(.init(from: begun, to: change))
                start = nil
            } else {
                start = change
            }
            time = change
        }
        if let start { spans.append(.init(from: start, to: to)) }
        return spans
    }

    /// When windows open or close after `start` and before the change of the clocks at `end`, in order.
    private func edges(from start: Timestamp, to end: Timestamp) -> some Sequence<Timestamp> {
        let offset = offset(at: start)
        let (first, last) = (wallClock(start, offset).day, wallClock(end, offset).day)
        // One after the other as they are asked for: the first or the second is often the last.
        return (first...last).lazy.flatMap { day in
            edgeMinutes.lazy.map { minute in
                Timestamp(microseconds: Int64(day * Self.minutesPerDay + minute) * Self.minute - offset)
            }
        }
        .filter { start < $0 && $0 < end }
    }

    private func nextClockChange(after time: Timestamp) -> Timestamp? {
        zone.nextDaylightSavingTimeTransition(after: date(time)).map {
            Timestamp(microseconds: Int64($0.timeIntervalSince1970.rounded()) * 1_000_000)
        }
    }

    /// What wall clocks are ahead of UTC, in microseconds.
    private func offset(at time: Timestamp) -> Int64 {
        Int64(zone.secondsFromGMT(for: date(time))) * 1_000_000
    }

    /// To the second, which is all that changes of the clocks need.
    private func date(_ time: Timestamp) -> Date {
        Date(timeIntervalSince1970: (Double(time.microseconds) / 1_000_000).rounded(.down))
    }

    /// The day since 1970-01-01 and the minute of it that clocks on the wall show.
    private func wallClock(_ time: Timestamp, _ offset: Int64) -> (day: Int, minute: Int) {
        let minutes = Int((Double(time.microseconds + offset) / Double(Self.minute)).rounded(.down))
        let day = Int((Double(minutes) / Double(Self.minutesPerDay)).rounded(.down))
        return (day, minutes - day * Self.minutesPerDay)
    }

    /// 1970-01-01 was a Thursday.
    private func weekday(_ day: Int) -> Int { ((day + 3) % 7 + 7) % 7 }
}

extension Schedule {
    /// As it is kept: `nil` when it restricts nothing, and with a beginning where one is counted from it.
    func settled(at now: Timestamp) -> Schedule? {
        guard self != Schedule() else { return nil }
        var schedule = self
        if repetition != nil, from == nil { schedule.from = now }
        return schedule
    }

    /// The same, beginning now; `nil` when it does not say how long a run takes.
    func restarted(at now: Timestamp) -> Schedule? {
        guard let from, repetition != nil || until != nil, windows == nil else { return nil }
        var schedule = self
        schedule.from = now
        schedule.until = until.map { $0.advanced(by: from.duration(to: now)) }
        return schedule
    }

    /// Throws `invalidParams` with the first field that breaks its rule; `prefix` says where the fields stand.
    func validate(in prefix: String) throws(RPCError) {
        _ = try ScheduleTimes(self, in: prefix)
    }
}
