public import JSONRPC

/// When checks were to run.
public struct CheckHoursQuery: Codable, Equatable, RPCPayload {
    /// From 1 to 1,000.
    public var checkIDs: [CheckID]
    /// Inclusive.
    public var from: Timestamp
    /// Exclusive.
    public var to: Timestamp

    enum CodingKeys: String, CodingKey {
        case from, to
        case checkIDs = "check_ids"
    }

    public init(checkIDs: [CheckID], from: Timestamp, to: Timestamp) {
        self.checkIDs = checkIDs
        self.from = from
        self.to = to
    }
}

public struct CheckHours: Codable, Equatable, RPCPayload {
    public struct Span: Codable, Equatable, Sendable {
        /// Inclusive.
        public var from: Timestamp
        /// Exclusive.
        public var to: Timestamp

        public init(from: Timestamp, to: Timestamp) {
            self.from = from
            self.to = to
        }
    }

    /// One list for each check, in the order in which they were asked for; null for one that has no schedule, or that
    /// there is not.
    public var hours: [[Span]?]

    public init(hours: [[Span]?]) { self.hours = hours }
}

extension RPCMethod where Params == CheckHoursQuery, Result == CheckHours {
    /// As schedules are now; a schedule of more than 5,000 spans counts as none.
    public static var listCheckHours: Self {
        Self(
            "check.hours",
            "Tells when the schedules of checks have them run.",
            of: .orchestrator,
            callers: [.store],
            isIdempotent: true
        )
    }
}
