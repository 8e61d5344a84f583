import Contracts
import EventLoop
import JSON
import Probing

extension Command {
    static let probe = Command(
        name: "probe",
        synopsis: "TYPE ADDRESS [--count N] [--every TIME] [--timeout TIME] [--port N] [--query NAME]",
        summary: "look at a target from here, without any service",
        details: """
            TYPE is icmp, tcp, http or dns. Four times, a second apart, when left out; exits with 1 when none succeeded.
            """,
        options: ["count", "every", "timeout", "port", "query"],
        run: { arguments in
            let words = try arguments.words("TYPE", "ADDRESS")
            var options = CheckOptions()
            options.port = try arguments.integer("port", in: 1...65_535)
            options.query = arguments["query"]
            let series = ProbeSeries(
                type: try checkType(words[0]),
                address: words[1],
                count: try arguments.integer("count", in: 1...1_000_000) ?? 4,
                pause: .milliseconds(try arguments.milliseconds("every") ?? 1_000),
                timeoutMilliseconds: try arguments.milliseconds("timeout") ?? 3_000,
                options: options
            )
            let loop = try EventLoop(name: "probe")
            try loop.start()
            let summary = try await withTaskExecutorPreference(loop) {
                try await series.run(on: loop, isJSON: arguments.has("json"))
            }
            if !arguments.has("json") { Output.line(summary.text) }
            guard summary.successes > 0 else { throw CommandLineError(.failed, "no probe succeeded") }
        }
    )
}

/// Some probes of one target, one after another.
private struct ProbeSeries: Sendable {
    var type: CheckType
    var address: String
    var count: Int
    var pause: Duration
    var timeoutMilliseconds: Int
    var options: CheckOptions

    struct Summary: Sendable {
        var sent = 0
        var latencies: [Double] = []
        var successes: Int { latencies.count }

        var text: String {
            let loss = sent == 0 ? 0 : 100 * (sent - successes) / sent
            guard let least = latencies.min(), let most = latencies.max() else { return "\(sent) sent, \(loss) % lost" }
            let mean = latencies.reduce(0, +) / Double(latencies.count)
            let times = [least, mean, most].map { "\(Output.rounded($0))" }.joined(separator: "/")
            return "\(sent) sent, \(loss) % lost, min/mean/max \(times) ms"
        }
    }

    /// To be called on `loop`.
    func run(on loop: EventLoop, isJSON: Bool) async throws -> Summary {
        // A person at a terminal may look at whatever they can reach anyway.
        let point = try VantagePoint(on: loop)
        defer { point.close() }
        var summary = Summary()
        for index in 0..<count {
            if index > 0 { try await LoopClock(loop).sleep(for: pause) }
            let outcome = await point.run(
                type,
                of: address,
                timeoutMilliseconds: timeoutMilliseconds,
                options: options
            )
            summary.sent += 1
            if outcome.status == .success { summary.latencies.append(outcome.latencyMilliseconds ?? 0) }
            isJSON ? Output.line(outcome.json(type, of: address)) : Output.line(text(outcome))
        }
        return summary
    }

    private func text(_ outcome: ProbeOutcome) -> String {
        let latency = Output.milliseconds(outcome.latencyMilliseconds)
        let reason = outcome.reason.name.map { " (\($0))" } ?? ""
        return "\(type.rawValue) \(address)  \(latency)  \(outcome.status.name)\(reason)  "
            + String(decoding: outcome.metadata, as: UTF8.self)
    }
}

extension ProbeOutcome {
    /// One line, as rows are printed.
    func json(_ type: CheckType, of target: String) -> String {
        var writer = JSONWriter()
        writer.beginObject()
        writer.key("timestamp")
        writer.string(startedAt.description)
        writer.key("target")
        writer.string(target)
        writer.key("type")
        writer.string(type.rawValue)
        writer.key("latency_ms")
        if let latencyMilliseconds { writer.double(latencyMilliseconds) } else { writer.null() }
        writer.key("status")
        writer.string(status.name)
        if let reason = reason.name {
            writer.key("reason")
            writer.string(reason)
        }
        writer.key("metadata")
        writer.raw(metadata)
        writer.endObject()
        return String(decoding: writer.bytes, as: UTF8.self)
    }
}
