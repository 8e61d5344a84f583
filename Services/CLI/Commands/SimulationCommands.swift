import Contracts
import EventLoop
import Foundation
import JSON
import Simulation

extension Command {
    static let simRun = Command(
        name: "sim run",
        synopsis:
            "FILE [--for TIME] [--truth FILE] [--publish PORT] [--authority FILE] [--precise] [-- COMMAND WORDS...]",
        summary: "run a command in a simulated network, with real packets",
        details: """
            The network of FILE is built behind an interface in a network namespace of its own, which takes root. COMMAND
            runs there, at the network's vantage; without one the network stays until the time is over or Ctrl-C is
            pressed. What became of every packet goes to the truth file, one JSON object a line, and is summed up at the
            end. With --precise the network keeps a core busy, and is some tens of microseconds truer to its times.
            --publish makes a port of COMMAND's loopback reachable at the same port of this machine's; --authority writes
            down whom a client is to trust that speaks TLS to the network's hosts.

              sonde sim run docs/office.sim -- ping -c 5 10.2.0.10
              sonde sim run docs/office.sim --truth truth.jsonl -- traceroute -I 10.2.0.10

            docs/simulation.md tells what FILE may hold.
            """,
        options: ["for", "truth", "publish", "authority"],
        flags: ["precise"],
        run: { arguments in
            guard let file = arguments.words.first else {
                throw CommandLineError(.usage, "FILE is missing; try --help")
            }
            let run = SimulationRun(
                description: try network(file),
                command: Array(arguments.words.dropFirst()),
                duration: try arguments.milliseconds("for").map { .milliseconds($0) },
                truthPath: arguments["truth"],
                publishedPort: try arguments.integer("publish", in: 1...65_535).map { UInt16($0) },
                authorityPath: arguments["authority"],
                isPrecise: arguments.has("precise")
            )
            let (code, truth) = try await run.untilOver()
            if arguments.has("json") { try printJSON(truth) } else { printTable(truth) }
            if code != 0 { exit(code) }
        }
    )

    static let simProbe = Command(
        name: "sim probe",
        synopsis:
            "FILE TYPE TARGET... [--at VANTAGE] [--for TIME] [--every TIME] [--timeout TIME] [--OPTION VALUE …] "
            + "[--truth FILE]",
        summary: "probe a simulated network in its own time, which takes none and no root",
        details: """
            TYPE is any but host, TARGET the name of a node, an address or a URL. An hour of the network's time, a probe
            every 2.5 seconds and a timeout of 3 from the network's first vantage when left out. The same network makes
            the same rows each time; --json prints them. Options are those of sonde probe.

              sonde sim probe docs/office.sim icmp web echo --for 24h
              sonde sim probe docs/office.sim http http://web:8080/ --expected-status 503
              sonde sim probe docs/office.sim udp echo --packets 20 --gap-ms 50
            """,
        options: CheckOptions.argumentNames.union(["at", "for", "every", "timeout", "truth"]),
        run: { arguments in
            guard arguments.words.count >= 3 else {
                throw CommandLineError(.usage, "FILE, a type or a TARGET is missing; try --help")
            }
            try SimulatedSeries(
                description: network(arguments.words[0]),
                vantage: arguments["at"],
                type: checkType(arguments.words[1]),
                targets: Array(arguments.words.dropFirst(2)),
                options: CheckOptions(arguments),
                interval: arguments.milliseconds("every") ?? 2_500,
                timeout: arguments.milliseconds("timeout") ?? 3_000,
                duration: .milliseconds(arguments.milliseconds("for") ?? 3_600_000),
                truthPath: arguments["truth"]
            ).run(isJSON: arguments.has("json"))
        }
    )

    static let simTruth = Command(
        name: "sim truth",
        synopsis: "FILE",
        summary: "sum up what became of the packets of a simulated network",
        details: """
            FILE is a truth file that `sonde sim run --truth` wrote. Delays are those of one direction, of what was
            delivered.
            """,
        run: { arguments in
            let file = try arguments.words("FILE")[0]
            let data = try contents(of: file)
            var summary = TruthSummary()
            for (index, line) in data.split(separator: UInt8(ascii: "\n")).enumerated() {
                do throws(JSONError) {
                    summary.add(try PacketFate(json: Array(line)))
                } catch {
                    throw CommandLineError(.usage, "\(file), line \(index + 1): \(error.message)")
                }
            }
            if arguments.has("json") { try printJSON(summary) } else { printTable(summary) }
        }
    )

    private static func network(_ file: String) throws(CommandLineError) -> NetworkDescription {
        let data = try contents(of: file)
        do {
            return try NetworkDescription(text: String(decoding: data, as: UTF8.self))
        } catch {
            throw CommandLineError(.usage, "\(file), \(error)")
        }
    }

    private static func contents(of file: String) throws(CommandLineError) -> Data {
        guard let data = FileManager.default.contents(atPath: file) else {
            throw CommandLineError(.usage, "\(file) cannot be read")
        }
        return data
    }

    private static func printTable(_ summary: TruthSummary) {
        let rows = summary.flows.map { flow in
            let others = flow.outcomes.filter { $0.key != .delivered }.sorted { $0.key.rawValue < $1.key.rawValue }
            return [
                flow.source.description, flow.destination.description, flow.protocolName, "\(flow.sent)",
                "\(flow.outcomes[.delivered] ?? 0)",
                others.isEmpty ? "-" : others.map { "\($0.value) \($0.key)" }.joined(separator: ", "),
                milliseconds(flow.delay(0)), milliseconds(flow.delay(0.5)), milliseconds(flow.delay(0.99)),
                "\(flow.paths.count)",
            ]
        }
        let headings = ["FROM", "TO", "PROTOCOL", "SENT", "DELIVERED", "OTHERWISE", "LEAST", "MEDIAN", "P99", "WAYS"]
        Output.table(headings, rows)
    }

    private static func milliseconds(_ delay: Duration?) -> String {
        delay.map { "\(($0 / .microseconds(1)).rounded() / 1_000) ms" } ?? "-"
    }

    private static func printJSON(_ summary: TruthSummary) throws {
        for flow in summary.flows {
            try Output.json(
                FlowSummary(
                    from: flow.source.description,
                    to: flow.destination.description,
                    protocol: flow.protocolName,
                    sent: flow.sent,
                    copies: flow.copies,
                    outcomes: Dictionary(uniqueKeysWithValues: flow.outcomes.map { ($0.key.rawValue, $0.value) }),
                    minimumDelayMilliseconds: flow.delay(0).map { $0 / .milliseconds(1) },
                    medianDelayMilliseconds: flow.delay(0.5).map { $0 / .milliseconds(1) },
                    p99DelayMilliseconds: flow.delay(0.99).map { $0 / .milliseconds(1) },
                    paths: flow.paths.sorted { $0.lexicographicallyPrecedes($1) }
                )
            )
        }
    }
}

private struct FlowSummary: Encodable {
    var from: String
    var to: String
    var `protocol`: String
    var sent: Int
    var copies: Int
    var outcomes: [String: Int]
    var minimumDelayMilliseconds: Double?
    var medianDelayMilliseconds: Double?
    var p99DelayMilliseconds: Double?
    var paths: [[String]]

    enum CodingKeys: String, CodingKey {
        case from, to, `protocol`, sent, copies, outcomes, paths
        case minimumDelayMilliseconds = "delay_min_ms"
        case medianDelayMilliseconds = "delay_p50_ms"
        case p99DelayMilliseconds = "delay_p99_ms"
    }
}

extension TruthSummary.Flow {
    fileprivate var protocolName: String {
        switch protocolNumber {
        case 1, 58: "icmp"
        case 6: "tcp"
        case 17: "udp"
        default: "\(protocolNumber)"
        }
    }
}
