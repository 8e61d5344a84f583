import Probing

/// A trace as a person reads it: a line a hop, and what became of each flow.
struct TraceReport {
    private let fields: ProbeFields
    private let hops: ProbeFields

    /// `nil` when there is nothing to report.
    init?(_ outcome: ProbeOutcome) {
        guard let fields = ProbeFields(outcome), let hops = fields.object("hops"), !hops.texts("address").isEmpty else {
            return nil
        }
        (self.fields, self.hops) = (fields, hops)
    }

    var text: String {
        var lines = [
            "\(fields.text("address") ?? "") by \(fields.text("mode") ?? ""), "
                + "times in ms from \(fields.text("time_source") ?? "nowhere")", "",
        ]
        lines += Output.aligned(headings, rows, leading: 2)
        lines.append("")
        lines += flows
        return lines.joined(separator: "\n")
    }

    private var isRepeated: Bool { !hops.numbers("min_ms").isEmpty }

    private var headings: [String] {
        ["HOP", "ADDRESS", "SENT", "LOSS"] + (isRepeated ? ["LEAST", "MEAN", "LAST", "MOST", "JITTER"] : ["TIME"])
    }

    private var rows: [[String]] {
        let keys = isRepeated ? ["min_ms", "avg_ms", "last_ms", "max_ms", "jitter_ms"] : ["avg_ms"]
        let times = keys.map { hops.numbers($0) }
        let (sent, received) = (hops.numbers("sent"), hops.numbers("received"))
        return hops.texts("address").enumerated().flatMap { index, addresses in
            let isSilent = addresses.isEmpty
            let (packets, answers) = (sent[index] ?? 0, received[index] ?? 0)
            let loss = packets > 0 && !isSilent ? "\(Int((1 - answers / packets) * 100)) %" : ""
            let first = ["\(index + 1)", addresses.first ?? "*", "\(Int(packets))", loss]
            let cells = times.map { column in (column[index] ?? nil).map(Output.fixed) ?? "" }
            let others = addresses.dropFirst().map { ["", $0] + Array(repeating: "", count: cells.count + 2) }
            return [first + cells] + others
        }
    }

    /// Flows that went one way are told together.
    private var flows: [String] {
        let all = fields.objects("flows")
        var lines: [String] = []
        var counts: [String: Int] = [:]
        for flow in all {
            let ending =
                switch flow.text("ending") {
                case "reached": "reached in \(Int(flow.number("hops") ?? 0)) hops"
                case "refused": "refused at hop \(Int(flow.number("hops") ?? 0))"
                default: "nothing behind hop \(Int(flow.number("hops") ?? 0))"
                }
            let line = "\(ending)  way \(flow.text("path") ?? "")"
            if counts[line] == nil { lines.append(line) }
            counts[line, default: 0] += 1
        }
        guard all.count > 1 else { return lines }
        return lines.map { "\(counts[$0] == 1 ? "1 flow " : "\(counts[$0] ?? 0) flows")  \($0)" }
    }
}
