import Configuration
import Contracts
import JSONRPC

/// When a check runs, as options of the command line.
extension Schedule {
    static let argumentNames: Set = ["from", "until", "windows", "zone", "run-for", "run-every", "recurrence"]

    static let argumentSynopsis =
        "[--from TIME] [--until TIME] [--windows WINDOWS [--zone ZONE]] [--run-for TIME [--run-every TIME]]"

    static let argumentHelp = """
        Without a schedule a check runs all the time. --from and --until are times such as 2026-01-31T12:00:00Z, or how
        far ahead, such as 2h. --windows says when it runs, by the clocks of --zone, or of UTC:

          --windows "mon-fri 08:00-18:00, sat 22:00-04:00" --zone Europe/Vienna

        --run-for has it run for so long again and again: each --run-every, or two minutes after the last. With
        --recurrence new each time is a run of its own, whose parent is the one before; otherwise the run continues.
        """

    /// `nil` when nothing is said of when.
    init?(_ arguments: Arguments) throws {
        self.init(
            from: try arguments.timeAhead("from"),
            until: try arguments.timeAhead("until"),
            windows: try arguments["windows"].map(Self.windows),
            timeZone: arguments["zone"]
        )
        if let duration = try arguments.seconds("run-for") {
            repetition = Repetition(durationSeconds: duration, everySeconds: try arguments.seconds("run-every"))
        } else if arguments["run-every"] != nil {
            throw CommandLineError(.usage, "--run-every goes with --run-for")
        }
        if let text = arguments["recurrence"] {
            guard let recurrence = Recurrence(rawValue: text) else {
                throw CommandLineError(.usage, "--recurrence takes continue or new, not \"\(text)\"")
            }
            self.recurrence = recurrence
        }
        if self == Schedule() { return nil }
    }

    /// Reads windows such as `mon-fri 08:00-18:00, sat 10:00-12:00`.
    static func windows(_ text: String) throws(CommandLineError) -> [Window] {
        var windows: [Window] = []
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            let words = part.split(separator: " ")
            let times = words.last?.split(separator: "-", omittingEmptySubsequences: false) ?? []
            let days = words.count == 2 ? Self.days(words[0]) : nil
            guard times.count == 2, words.count == 1 || days != nil else {
                throw CommandLineError(
                    .usage,
                    "--windows takes windows such as \"mon-fri 08:00-18:00\", not \"\(part)\""
                )
            }
            windows.append(Window(days: days, from: String(times[0]), to: String(times[1])))
        }
        return windows
    }

    /// Reads `mon`, or `fri-mon`; `nil` for what is neither.
    private static func days(_ text: Substring) -> [Weekday]? {
        let all = Weekday.allCases
        let ends = text.split(separator: "-", omittingEmptySubsequences: false).map { name in
            all.firstIndex { $0.rawValue == name.lowercased() }
        }
        guard let first = ends.first ?? nil, let last = ends.last ?? nil, ends.count <= 2 else { return nil }
        return (first...(last < first ? last + all.count : last)).map { all[$0 % all.count] }
    }

    /// As `check list` shows it.
    var summary: String {
        var parts: [String] = []
        if let from { parts.append("from \(from)") }
        if let until { parts.append("until \(until)") }
        if let windows {
            parts += windows.map { window in
                let days = window.days.map { $0.map(\.rawValue).joined(separator: "+") + " " } ?? ""
                return days + window.from + "-" + window.to
            }
            parts.append(timeZone ?? "UTC")
        }
        if let repetition {
            let every = repetition.everySeconds.map { " every \($0) s" } ?? ", two minutes apart"
            parts.append("for \(repetition.durationSeconds) s\(every)")
        }
        if recurrence == .new { parts.append("each time a new run") }
        return parts.joined(separator: ", ")
    }
}

extension Arguments {
    /// A time, or how far ahead one is.
    func timeAhead(_ name: String) throws(CommandLineError) -> Timestamp? {
        guard let text = self[name] else { return nil }
        if let time = Timestamp(text) { return time }
        guard let ahead = Duration(text: text) else {
            throw CommandLineError(
                .usage,
                "--\(name) must be a time such as 2026-01-31T12:00:00Z, or how far ahead, such as 2h, got \"\(text)\""
            )
        }
        return Timestamp.now.advanced(by: ahead)
    }

    func seconds(_ name: String) throws(CommandLineError) -> Int? {
        guard let milliseconds = try milliseconds(name) else { return nil }
        guard milliseconds >= 1_000, milliseconds % 1_000 == 0 else {
            throw CommandLineError(
                .usage,
                "--\(name) must be a whole number of seconds such as 90s or 10m, got \"\(self[name] ?? "")\""
            )
        }
        return milliseconds / 1_000
    }
}
