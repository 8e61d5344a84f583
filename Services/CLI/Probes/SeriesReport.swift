import Probing

/// A series of datagrams as a person reads it.
struct SeriesReport {
    private let outcome: ProbeOutcome
    private let fields: ProbeFields

    init?(_ outcome: ProbeOutcome) {
        guard let fields = ProbeFields(outcome), outcome.sent > 0 else { return nil }
        (self.outcome, self.fields) = (outcome, fields)
    }

    var text: String {
        let lost = outcome.sent - outcome.received
        var lines = [
            "\(fields.text("address") ?? "") port \(count("port"))",
            "",
            "sent       \(outcome.sent)",
            "lost       \(lost)  \(Output.fixed(Double(lost) * 100 / Double(outcome.sent))) %" + directions,
            "copies     \(count("duplicates"))",
            "reordered  \(count("reordered"))",
        ]
        guard let mean = outcome.latencyMilliseconds else { return lines.joined(separator: "\n") }
        if let least = fields.number("min_ms"), let most = fields.number("max_ms") {
            let times = [least, mean, most].map(Output.fixed).joined(separator: " / ")
            lines.append("time       \(times) ms least / mean / most, from \(source)")
            lines.append("jitter     \(Output.fixed(fields.number("jitter_ms") ?? 0)) ms" + jitters)
        } else {
            lines.append("time       \(Output.fixed(mean)) ms, from \(source)")
        }
        return (lines + oneWay).joined(separator: "\n")
    }

    private var source: String { fields.text("time_source") ?? "nowhere" }

    private func count(_ key: String) -> Int { Int(fields.number(key) ?? 0) }

    private var directions: String {
        guard fields.number("forward_lost") != nil else { return "" }
        let end = fields.number("lost_at_the_end").map { ", \(Int($0)) either way" } ?? ""
        return "  (\(count("forward_lost")) there, \(count("backward_lost")) back\(end))"
    }

    private var jitters: String {
        guard let forward = fields.number("forward_jitter_ms"), let backward = fields.number("backward_jitter_ms")
        else {
            return ""
        }
        return "  (\(Output.fixed(forward)) there, \(Output.fixed(backward)) back)"
    }

    /// Of STAMP alone.
    private var oneWay: [String] {
        guard fields.number("reflector_ms") != nil else { return [] }
        guard let forward = fields.number("forward_ms"), let backward = fields.number("backward_ms") else {
            return ["one way    unknown: the clocks of the two ends do not agree well enough"]
        }
        let error = Output.fixed(fields.number("clock_error_ms") ?? 0)
        return [
            "one way    \(Output.fixed(forward)) ms there, \(Output.fixed(backward)) ms back, by at most \(error) ms"
        ]
    }
}

/// A path's MTU as a person reads it.
struct MTUReport {
    private let bytes: Int
    private let fields: ProbeFields
    private let outcome: ProbeOutcome

    init?(_ outcome: ProbeOutcome) {
        guard let fields = ProbeFields(outcome), let bytes = fields.number("mtu_bytes") else { return nil }
        (self.bytes, self.fields, self.outcome) = (Int(bytes), fields, outcome)
    }

    var text: String {
        let evidence =
            switch fields.text("evidence") {
            case "notice": "a router says that larger ones are too big"
            case "silence": "larger ones are lost, and no router says why"
            default: "this host sends no larger ones"
            }
        return "\(fields.text("address") ?? "") takes packets of \(bytes) bytes: \(evidence) (\(outcome.sent) sent)"
    }
}
