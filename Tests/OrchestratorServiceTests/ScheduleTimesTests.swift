import Contracts
import Foundation
import JSON
import JSONRPC
import Observability
import Testing

@testable import OrchestratorService

@Suite("Schedules")
struct ScheduleTimesTests {
    private func time(_ text: String) throws -> Timestamp { try #require(Timestamp(text)) }

    /// All changes from one time to another.
    private func changes(_ schedule: Schedule, _ from: String, _ to: String) throws -> [String] {
        let times = try ScheduleTimes(schedule)
        var time = try self.time(from)
        let end = try self.time(to)
        var changes: [String] = []
        while let next = times.nextChange(after: time), next < end {
            #expect(times.isActive(at: next) != times.isActive(at: next.advanced(by: .microseconds(-1))))
            changes.append(String(next.description.prefix(16)))
            time = next
        }
        return changes
    }

    @Test("open and close by the week, in UTC, and over midnight")
    func weeks() throws {
        let office = Schedule(windows: [.init(days: [.mon, .fri], from: "08:00", to: "18:00")])
        let opened = try changes(office, "2026-07-01T00:00:00Z", "2026-07-11T00:00:00Z")
        #expect(
            opened == [
                "2026-07-03T08:00", "2026-07-03T18:00", "2026-07-06T08:00", "2026-07-06T18:00", "2026-07-10T08:00",
                "2026-07-10T18:00",
            ]
        )
        let night = Schedule(windows: [.init(days: [.sun], from: "22:00", to: "06:00")])
        let nights = try changes(night, "2026-07-01T00:00:00Z", "2026-07-08T00:00:00Z")
        #expect(nights == ["2026-07-05T22:00", "2026-07-06T06:00"])
        // Two that touch are one; all day every day never changes.
        let whole = Schedule(windows: [.init(from: "00:00", to: "12:00"), .init(from: "12:00", to: "24:00")])
        #expect(try changes(whole, "2026-07-01T00:00:00Z", "2027-07-08T00:00:00Z") == [])
        #expect(try ScheduleTimes(whole).isActive(at: time("2026-07-01T12:00:00Z")))
        let day = Schedule(windows: [.init(days: [.sat], from: "09:30", to: "09:30")])
        #expect(
            try changes(day, "2026-07-01T00:00:00Z", "2026-07-08T00:00:00Z") == [
                "2026-07-04T09:30", "2026-07-05T09:30",
            ]
        )
    }

    @Test("keep to their first and last moment")
    func bounds() throws {
        let (from, until) = (try time("2026-07-06T12:00:00Z"), try time("2026-07-10T09:00:00Z"))
        let windows = [Schedule.Window(from: "08:00", to: "18:00")]
        let bounded = Schedule(from: from, until: until, windows: windows)
        let seen = try changes(bounded, "2020-01-01T00:00:00Z", "2030-01-01T00:00:00Z")
        #expect(seen.first == "2026-07-06T12:00" && seen.last == "2026-07-10T09:00" && seen.count == 10)
        let plain = try changes(Schedule(from: from, until: until), "2020-01-01T00:00:00Z", "2030-01-01T00:00:00Z")
        #expect(plain == ["2026-07-06T12:00", "2026-07-10T09:00"])
        #expect(try ScheduleTimes(Schedule()).nextChange(after: from) == nil)
        let closed = Schedule(
            from: from,
            until: try time("2026-07-06T13:00:00Z"),
            windows: [
                .init(from: "14:00", to: "15:00")
            ]
        )
        #expect(try changes(closed, "2020-01-01T00:00:00Z", "2030-01-01T00:00:00Z") == [])
    }

    @Test("repeat from their beginning on, and not after their end")
    func repetition() throws {
        let from = try time("2026-07-06T12:00:00Z")
        let chain = Schedule(from: from, repetition: .init(durationSeconds: 600), recurrence: .new)
        let seen = try changes(chain, "2020-01-01T00:00:00Z", "2026-07-06T12:30:00Z")
        #expect(seen.map { String($0.suffix(5)) } == ["12:00", "12:10", "12:12", "12:22", "12:24"])
        let hourly = Schedule(
            from: from,
            until: try time("2026-07-06T14:05:00Z"),
            repetition: .init(durationSeconds: 600, everySeconds: 3_600)
        )
        let hours = try changes(hourly, "2020-01-01T00:00:00Z", "2027-01-01T00:00:00Z")
        #expect(
            hours.map { String($0.suffix(5)) } == ["12:00", "12:10", "13:00", "13:10", "14:00", "14:05"]
        )
    }

    struct ClockChange: Sendable {
        var zone: String
        var from: String
        var to: String
        var day: String
        var changes: [String]
    }

    @Test(
        "are of wall clocks also on days on which those are set",
        arguments: [
            // 02:00 to 03:00 is skipped at 01:00 UTC.
            ClockChange(zone: "Europe/Vienna", from: "02:15", to: "02:45", day: "2026-03-29", changes: []),
            ClockChange(
                zone: "Europe/Vienna",
                from: "02:30",
                to: "04:00",
                day: "2026-03-29",
                changes: ["01:00", "02:00"]
            ),
            ClockChange(
                zone: "Europe/Vienna",
                from: "01:00",
                to: "02:30",
                day: "2026-03-29",
                // It opens again an hour before the day ends in UTC.
                changes: ["00:00", "01:00", "23:00"]
            ),
            ClockChange(
                zone: "Europe/Vienna",
                from: "08:00",
                to: "18:00",
                day: "2026-03-29",
                changes: ["06:00", "16:00"]
            ),
            // 02:00 to 03:00 comes twice, at 00:00 and at 01:00 UTC.
            ClockChange(
                zone: "Europe/Vienna",
                from: "02:15",
                to: "02:45",
                day: "2026-10-25",
                changes: ["00:15", "00:45", "01:15", "01:45"]
            ),
            ClockChange(
                zone: "Europe/Vienna",
                from: "02:00",
                to: "03:00",
                day: "2026-10-25",
                changes: ["00:00", "02:00"]
            ),
            ClockChange(
                zone: "Europe/Vienna",
                from: "02:30",
                to: "03:30",
                day: "2026-10-25",
                changes: ["00:30", "01:00", "01:30", "02:30"]
            ),
            ClockChange(zone: "America/New_York", from: "02:00", to: "03:00", day: "2026-03-08", changes: []),
            ClockChange(
                zone: "America/New_York",
                from: "01:30",
                to: "02:00",
                day: "2026-11-01",
                changes: ["05:30", "06:00", "06:30", "07:00"]
            ),
            // Half an hour: 02:00 to 02:30 is skipped on 4 October, and 01:30 to 02:00 comes twice on 5 April.
            ClockChange(zone: "Australia/Lord_Howe", from: "02:10", to: "02:20", day: "2026-10-03", changes: []),
            ClockChange(
                zone: "Australia/Lord_Howe",
                from: "01:40",
                to: "02:10",
                day: "2026-04-04",
                changes: ["14:40", "15:00", "15:10", "15:40"]
            ),
        ]
    )
    func clockChanges(_ change: ClockChange) throws {
        let schedule = Schedule(windows: [.init(from: change.from, to: change.to)], timeZone: change.zone)
        let day = try time(change.day + "T00:00:00Z")
        let (from, to) = (day.advanced(by: .microseconds(-1)), day.advanced(by: .seconds(86_400)))
        let all = try changes(schedule, from.description, to.description)
        #expect(all.map { String($0.suffix(5)) } == change.changes)
    }

    @Test(
        "say the same when they are looked at minute by minute",
        arguments: ["UTC", "Europe/Vienna", "America/New_York", "Australia/Lord_Howe", "Pacific/Apia"]
    )
    func minutes(zone name: String) throws {
        var random = SplitMix64(seed: 36)
        var calendar = Calendar(identifier: .iso8601)
        calendar.timeZone = try #require(TimeZone(identifier: name))
        func text(_ minute: Int) -> String {
            "\(minute < 600 ? "0" : "")\(minute / 60):\(minute % 60 < 10 ? "0" : "")\(minute % 60)"
        }
        for start in ["2026-03-05T00:00:00Z", "2026-03-27T00:00:00Z", "2026-10-01T00:00:00Z", "2026-10-24T00:00:00Z"] {
            let windows = (0..<Int.random(in: 1...3, using: &random)).map { _ in
                let days = Schedule.Weekday.allCases.filter { _ in Bool.random(using: &random) }
                return Schedule.Window(
                    days: days.isEmpty ? nil : days,
                    from: text(.random(in: 0..<1_440, using: &random)),
                    to: text(.random(in: 0...1_440, using: &random))
                )
            }
            let times = try ScheduleTimes(Schedule(windows: windows, timeZone: name))
            let first = try time(start)
            var next = times.nextChange(after: first)
            var before = times.isActive(at: first)
            for minute in 1..<5 * 1_440 {
                let time = first.advanced(by: .seconds(minute * 60))
                let isActive = times.isActive(at: time)
                let date = Date(timeIntervalSince1970: Double(time.microseconds / 1_000_000))
                #expect(isActive == windows.contains { $0.isOpen(at: date, calendar) })
                #expect((isActive != before) == (next == time))
                if next == time { next = times.nextChange(after: time) }
                before = isActive
            }
        }
    }

    @Test("are refused when they make no sense, by the field's name")
    func validation() throws {
        let time = try time("2026-07-01T00:00:00Z")
        let window = Schedule.Window(from: "08:00", to: "18:00")
        for (field, schedule) in [
            ("from", Schedule(from: time, until: time)), ("time_zone", Schedule(timeZone: "Europe/Vindobona")),
            ("time_zone", Schedule(timeZone: "")), ("windows", Schedule(windows: [])),
            ("windows", Schedule(windows: Array(repeating: window, count: 21))),
            ("windows[0].days", Schedule(windows: [.init(days: [], from: "08:00", to: "18:00")])),
            ("windows[1].from", Schedule(windows: [window, .init(from: "24:00", to: "18:00")])),
            ("windows[0].from", Schedule(windows: [.init(from: "8:00", to: "18:00")])),
            ("windows[0].to", Schedule(windows: [.init(from: "08:00", to: "24:01")])),
            ("windows[0].to", Schedule(windows: [.init(from: "08:00", to: "1800")])),
            ("windows[0].to", Schedule(windows: [.init(from: "08:00", to: "18:6 ")])),
            ("repeat", Schedule(windows: [window], repetition: .init(durationSeconds: 60))),
            ("repeat.duration_s", Schedule(repetition: .init(durationSeconds: 0))),
            ("repeat.every_s", Schedule(repetition: .init(durationSeconds: 60, everySeconds: 60))),
            (
                "repeat.every_s",
                Schedule(repetition: .init(durationSeconds: 60, everySeconds: 179), recurrence: .new)
            ),
        ] {
            let error = #expect(throws: RPCError.self) { try ScheduleTimes(schedule) }
            #expect(error?.data == ["field": .string(field)])
        }
    }
}

extension Schedule.Window {
    /// As a calendar has it.
    fileprivate func isOpen(at date: Date, _ calendar: Calendar) -> Bool {
        func minutes(_ text: String) -> Int { (Int(text.prefix(2)) ?? 0) * 60 + (Int(text.suffix(2)) ?? 0) }
        func opens(on weekday: Int) -> Bool {
            (days ?? Schedule.Weekday.allCases).contains(Schedule.Weekday.allCases[(weekday + 5) % 7])
        }
        let parts = calendar.dateComponents([.weekday, .hour, .minute], from: date)
        let (weekday, now) = (parts.weekday ?? 0, (parts.hour ?? 0) * 60 + (parts.minute ?? 0))
        let (start, end) = (minutes(from), minutes(to))
        if start < end { return opens(on: weekday) && start <= now && now < end }
        return opens(on: weekday) && start <= now || opens(on: weekday + 6) && now < end
    }
}
