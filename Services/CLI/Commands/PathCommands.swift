import Contracts
import Egress
import EventLoop
import Probing

extension Command {
    private static let packetOptions = CheckOptions.argumentNames.union(["count", "gap", "timeout"])

    static let probeTrace = Command(
        name: "probe trace",
        synopsis: "HOST [--mode icmp|udp|tcp] [--port N] [--flows N] [--hops N] [--count N] [--gap TIME]",
        summary: "find the way to a target, hop by hop, without any privilege",
        details: """
            Each flow keeps to one of several equal ways: --flows 8 finds more of them. Three packets a hop, 25 ms from one
            to the next, to at most 30 hops, when left out.

              sonde probe trace example.org --mode tcp --port 443 --flows 4
            """,
        options: packetOptions,
        run: { arguments in
            let options = try packetOptions(arguments, usual: 3, in: TraceOptions.packetRange)
            try await look(.trace, options, arguments) { TraceReport($0)?.text }
        }
    )

    static let probeMTU = Command(
        name: "probe mtu",
        synopsis: "HOST [--timeout TIME]",
        summary: "find the largest packet that reaches a target whole",
        options: ["timeout"],
        run: { arguments in
            try await look(.mtu, CheckOptions(), arguments) { MTUReport($0)?.text }
        }
    )

    static let probeUDP = Command(
        name: "probe udp",
        synopsis: "HOST[:PORT] [--count N] [--gap TIME] [--payload-bytes N] [--dscp N] [--dont-fragment true]",
        summary: "count what an echo service sends back: losses, copies, order, times",
        details: "Ten datagrams of 56 bytes, 25 ms apart, to port 7 when left out.",
        options: packetOptions,
        run: { arguments in
            let options = try packetOptions(arguments, usual: 10, in: SeriesOptions.countRange)
            try await look(.udp, options, arguments) { SeriesReport($0)?.text }
        }
    )

    static let probeSTAMP = Command(
        name: "probe stamp",
        synopsis: "HOST[:PORT] [--count N] [--gap TIME] [--dscp N]",
        summary: "measure each direction with a STAMP reflector (RFC 8762)",
        details: """
            Ten datagrams of 56 bytes, 25 ms apart, to port 862 when left out. Losses have a direction when the reflector
            counts, delays of one direction are told when both clocks are kept right.
            """,
        options: packetOptions,
        run: { arguments in
            let options = try packetOptions(arguments, usual: 10, in: SeriesOptions.countRange)
            try await look(.stamp, options, arguments) { SeriesReport($0)?.text }
        }
    )

    private static func packetOptions(
        _ arguments: Arguments,
        usual count: Int,
        in range: ClosedRange<Int>
    ) throws(CommandLineError) -> CheckOptions {
        var options = try CheckOptions(arguments)
        options.packets = try arguments.integer("count", in: range) ?? options.packets ?? count
        options.gapMilliseconds = try arguments.milliseconds("gap") ?? options.gapMilliseconds
        return options
    }

    /// Runs one probe, and prints what `report` makes of it, or its row.
    private static func look(
        _ type: CheckType,
        _ options: CheckOptions,
        _ arguments: Arguments,
        _ report: (ProbeOutcome) -> String?
    ) async throws {
        let address = try arguments.words("HOST")[0]
        let timeout = try arguments.milliseconds("timeout") ?? 3_000
        let loop = try EventLoop(name: "probe")
        try loop.start()
        let results = try await withTaskExecutorPreference(loop) {
            // A person at a terminal may look at whatever they can reach anyway.
            let point = try VantagePoint(on: loop)
            defer { point.close() }
            return await point.run(type, of: address, timeoutMilliseconds: timeout, options: options)
        }
        for result in results {
            if arguments.has("json") {
                Output.line(result.json(of: address))
            } else if let text = report(result.outcome) {
                Output.line(text)
            }
        }
        guard let outcome = results.first(where: { $0.outcome.status != .success })?.outcome else { return }
        let error = ProbeFields(outcome)?.text("error").map { ": \($0)" } ?? ""
        throw CommandLineError(.failed, "\(address): \(outcome.reason.name ?? "failed")\(error)")
    }
}
