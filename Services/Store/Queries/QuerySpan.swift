import Contracts
import JSON
import JSONRPC

/// `-32602` with the name of the field that is at fault in words and in `data.field`.
func invalid(_ field: String, _ rule: String) -> RPCError {
    RPCError(.invalidParams, "\(field) \(rule)", data: ["field": .string(field)])
}

func checkNumber(_ value: Int, _ field: String, _ range: ClosedRange<Int>) throws(RPCError) {
    guard range.contains(value) else {
        throw invalid(field, "must be from \(range.lowerBound) to \(range.upperBound), got \(value)")
    }
}

/// The time that a query is about.
struct QuerySpan: Sendable {
    /// Inclusive.
    var from: Timestamp
    /// Exclusive.
    var to: Timestamp

    /// The last hour where nothing is said.
    init(from: Timestamp?, to: Timestamp?, longest: Duration, now: Timestamp) throws(RPCError) {
        self.to = to ?? now
        self.from = from ?? self.to.advanced(by: .seconds(-3_600))
        guard self.from < self.to else { throw invalid("from", "must be before to") }
        guard duration <= longest else {
            throw invalid("from", "must be at most \(longest / .seconds(86_400)) days before to")
        }
    }

    var duration: Duration { from.duration(to: to) }
    var seconds: Double { Double(to.microseconds - from.microseconds) / 1_000_000 }
}
