public import JSONRPC

/// When a check runs; what is left out does not restrict it.
public struct Schedule: Codable, Hashable, Sendable {
    public enum Weekday: String, Codable, Sendable, CaseIterable, JSONSchemaProviding {
        case mon, tue, wed, thu, fri, sat, sun
    }

    /// Wall-clock times between which the check runs.
    public struct Window: Codable, Hashable, Sendable {
        /// The days on which it opens; every day when left out.
        public var days: [Weekday]?
        /// When it opens, such as `08:00`.
        public var from: String
        /// When it closes, such as `18:00`, to `24:00`; not later than `from` is on the day after.
        public var to: String

        public init(days: [Weekday]? = nil, from: String, to: String) {
            self.days = days
            self.from = from
            self.to = to
        }
    }

    /// The check runs for some time, again and again.
    public struct Repetition: Codable, Hashable, Sendable {
        /// How long, from 1 second to 31 days.
        public var durationSeconds: Int
        /// From one beginning to the next, at most 366 days; two minutes more than `duration_s` when left out.
        public var everySeconds: Int?

        enum CodingKeys: String, CodingKey {
            case durationSeconds = "duration_s"
            case everySeconds = "every_s"
        }

        public init(durationSeconds: Int, everySeconds: Int? = nil) {
            self.durationSeconds = durationSeconds
            self.everySeconds = everySeconds
        }
    }

    /// What it is when the check begins again.
    public enum Recurrence: String, Codable, Sendable, CaseIterable, JSONSchemaProviding {
        /// The run there was goes on.
        case same = "continue"
        /// A run of its own, whose parent is the one there was.
        case new
    }

    /// Inclusive.
    public var from: Timestamp?
    /// Exclusive.
    public var until: Timestamp?
    /// The check runs while one of them is open, at most 20; all the time when left out.
    public var windows: [Window]?
    /// A name of the IANA time zone database, such as `Europe/Vienna`, whose wall clocks the windows are about; UTC when
    /// left out.
    public var timeZone: String?
    /// Counted from `from`, or from when it is set; not together with windows.
    public var repetition: Repetition?
    /// What it is when the check begins again; `continue` when left out.
    public var recurrence: Recurrence?

    enum CodingKeys: String, CodingKey {
        case from, until, windows, recurrence
        case timeZone = "time_zone"
        case repetition = "repeat"
    }

    public init(
        from: Timestamp? = nil,
        until: Timestamp? = nil,
        windows: [Window]? = nil,
        timeZone: String? = nil,
        repetition: Repetition? = nil,
        recurrence: Recurrence? = nil
    ) {
        self.from = from
        self.until = until
        self.windows = windows
        self.timeZone = timeZone
        self.repetition = repetition
        self.recurrence = recurrence
    }
}
