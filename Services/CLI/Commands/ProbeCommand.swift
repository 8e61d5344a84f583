import Configuration
import Contracts
import Egress
import EventLoop
import JSON
import Probing

extension Command {
    static let probe = Command(
        name: "probe",
        synopsis: "TYPE ADDRESS [--count N] [--every TIME] [--timeout TIME] [--OPTION VALUE …]",
        summary: "look at a target from here, without any service",
        details: """
            TYPE is \(typeNames). Four times, a second apart, when left out; exits with 1 when none succeeded.
            Options, each for some types:

            \(CheckOptions.argumentHelp)
            """,
        options: CheckOptions.argumentNames.union(["count", "every", "timeout"]),
        run: { arguments in
            let words = try arguments.words("TYPE", "ADDRESS")
            let series = ProbeSeries(
                type: try checkType(words[0]),
                address: words[1],
                count: try arguments.integer("count", in: 1...1_000_000) ?? 4,
                pause: .milliseconds(try arguments.milliseconds("every") ?? 1_000),
                timeoutMilliseconds: try arguments.milliseconds("timeout") ?? 3_000,
                options: try CheckOptions(arguments)
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
        var received = 0
        var successes = 0
        var latencies: [Double] = []

        mutating func add(_ outcome: ProbeOutcome) {
            sent += outcome.sent
            received += outcome.received
            if outcome.status == .success { successes += 1 }
            if let latency = outcome.latencyMilliseconds { latencies.append(latency) }
        }

        var text: String {
            let loss = sent == 0 ? 0 : 100 * (sent - received) / sent
            guard let least = latencies.min(), let most = latencies.max() else { return "\(sent) sent, \(loss) % lost" }
            let mean = latencies.reduce(0, +) / Double(latencies.count)
            let times = [least, mean, most].map { "\(Output.rounded($0))" }.joined(separator: "/")
            return "\(sent) sent, \(loss) % lost, min/mean/max \(times) ms"
        }
    }

    /// To be called on `loop`.
    func run(on loop: EventLoop, isJSON: Bool) async throws -> Summary {
        // A person at a terminal may look at whatever they can reach anyway.
        let environment = Environment.process
        let point = try VantagePoint(
            on: loop,
            secrets: ProbeSecrets(directory: environment.optionalString("PROBE_AGENT_SECRETS")),
            trust: TrustedAuthorities(file: environment.optionalString("PROBE_AGENT_AUTHORITIES"))
        )
        defer { point.close() }
        var summary = Summary()
        for index in 0..<count {
            if index > 0 { try await LoopClock(loop).sleep(for: pause) }
            let results = await point.run(
                type,
                of: address,
                timeoutMilliseconds: timeoutMilliseconds,
                options: options
            )
            for result in results {
                summary.add(result.outcome)
                Output.line(isJSON ? result.json(of: address) : text(result))
            }
        }
        return summary
    }

    private func text(_ result: CheckResult) -> String {
        let outcome = result.outcome
        let address = result.endpoint.isEmpty ? address : "\(address) by \(result.endpoint)"
        let latency = Output.milliseconds(outcome.latencyMilliseconds)
        let reason = outcome.reason.name.map { " (\($0))" } ?? ""
        return "\(type.rawValue) \(address)  \(latency)  \(outcome.status.name)\(reason)  "
            + String(decoding: outcome.metadata.bytes, as: UTF8.self)
    }
}

extension CheckResult {
    /// One line, as rows are printed.
    func json(of target: String) -> String {
        outcome.json(type, of: target, endpoint: endpoint)
    }
}

extension ProbeOutcome {
    /// One line, as rows are printed.
    func json(_ type: CheckType, of target: String, endpoint: String = "") -> String {
        var writer = JSONWriter()
        writer.beginObject()
        writer.key("timestamp")
        writer.string(startedAt.description)
        writer.key("target")
        writer.string(target)
        writer.key("type")
        writer.string(type.rawValue)
        if !endpoint.isEmpty {
            writer.key("endpoint")
            writer.string(endpoint)
        }
        writer.key("latency_ms")
        if let latencyMilliseconds { writer.double(latencyMilliseconds) } else { writer.null() }
        writer.key("status")
        writer.string(status.name)
        if let reason = reason.name {
            writer.key("reason")
            writer.string(reason)
        }
        writer.key("sent")
        writer.int(sent)
        writer.key("received")
        writer.int(received)
        writer.key("metadata")
        writer.raw(metadata.bytes)
        writer.endObject()
        return String(decoding: writer.bytes, as: UTF8.self)
    }
}
