import Contracts
import Egress
import EventLoop
import Probing

extension Command {
    private static let seriesOptions: Set<String> = ["count", "gap", "size", "dscp", "timeout", "port"]

    static let probeTrace = Command(
        name: "probe trace",
        synopsis: "HOST [--mode icmp|udp|tcp] [--port N] [--flows N] [--hops N] [--count N] [--gap TIME]",
        summary: "find the way to a target, hop by hop, without any privilege",
        details: """
            Each flow keeps to one of several equal ways: --flows 8 finds more of them. Three packets a hop, 25 ms from one
            to the next, to at most 30 hops, when left out.

              sonde probe trace example.org --mode tcp --port 443 --flows 4
            """,
        options: ["mode", "port", "flows", "hops", "count", "gap", "timeout", "dscp"],
        run: { arguments in
            var options = CheckOptions()
            guard let mode = TraceMode(rawValue: arguments["mode"] ?? "icmp") else {
                throw CommandLineError(.usage, "--mode must be icmp, udp or tcp")
            }
            options.mode = mode
            options.port = try arguments.integer("port", in: 1...65_535)
            options.flows = try arguments.integer("flows", in: TraceOptions.flowRange)
            options.hops = try arguments.integer("hops", in: TraceOptions.hopRange)
            options.packets = try arguments.integer("count", in: TraceOptions.packetRange) ?? 3
            options.gapMilliseconds = try arguments.milliseconds("gap")
            options.dscp = try arguments.integer("dscp", in: 0...63)
            try await look(.trace, at: arguments.words("HOST")[0], options, arguments) { outcome in
                TraceReport(outcome)?.text
            }
        }
    )

    static let probeMTU = Command(
        name: "probe mtu",
        synopsis: "HOST [--timeout TIME]",
        summary: "find the largest packet that reaches a target whole",
        options: ["timeout"],
        run: { arguments in
            try await look(.mtu, at: arguments.words("HOST")[0], CheckOptions(), arguments) { outcome in
                MTUReport(outcome)?.text
            }
        }
    )

    static let probeUDP = Command(
        name: "probe udp",
        synopsis: "HOST[:PORT] [--count N] [--gap TIME] [--size BYTES] [--dscp N] [--whole]",
        summary: "count what an echo service sends back: losses, copies, order, times",
        details: "Ten datagrams of 56 bytes, 25 ms apart, to port 7 when left out; --whole forbids fragmentation.",
        options: seriesOptions,
        flags: ["whole"],
        run: { arguments in
            try await lookAtSeries(.udp, arguments)
        }
    )

    static let probeSTAMP = Command(
        name: "probe stamp",
        synopsis: "HOST[:PORT] [--count N] [--gap TIME] [--size BYTES] [--dscp N]",
        summary: "measure each direction with a STAMP reflector (RFC 8762)",
        details: """
            Ten datagrams of 44 bytes, 25 ms apart, to port 862 when left out. Losses have a direction when the reflector
            counts, delays of one direction are told when both clocks are kept right.
            """,
        options: seriesOptions,
        run: { arguments in
            try await lookAtSeries(.stamp, arguments)
        }
    )

    private static func lookAtSeries(_ type: CheckType, _ arguments: Arguments) async throws {
        var options = CheckOptions()
        options.port = try arguments.integer("port", in: 1...65_535)
        options.packets = try arguments.integer("count", in: SeriesOptions.countRange) ?? 10
        options.gapMilliseconds = try arguments.milliseconds("gap")
        options.payloadBytes = try arguments.integer("size", in: 0...65_000)
        options.dscp = try arguments.integer("dscp", in: 0...63)
        options.dontFragment = arguments.has("whole") ? true : nil
        try await look(type, at: arguments.words("HOST")[0], options, arguments) { SeriesReport($0)?.text }
    }

    /// Runs one probe, and prints what `report` makes of it, or its row.
    private static func look(
        _ type: CheckType,
        at address: String,
        _ options: CheckOptions,
        _ arguments: Arguments,
        _ report: @Sendable (ProbeOutcome) -> String?
    ) async throws {
        let timeout = try arguments.milliseconds("timeout") ?? 3_000
        let loop = try EventLoop(name: "probe")
        try loop.start()
        let outcome = try await withTaskExecutorPreference(loop) {
            // A person at a terminal may look at whatever they can reach anyway.
            let point = try VantagePoint(on: loop)
            defer { point.close() }
            return await point.run(type, of: address, timeoutMilliseconds: timeout, options: options)
        }
        if arguments.has("json") {
            Output.line(outcome.json(type, of: address))
        } else if let text = report(outcome) {
            Output.line(text)
        }
        guard outcome.status != .success else { return }
        let error = ProbeFields(outcome)?.text("error").map { ": \($0)" } ?? ""
        throw CommandLineError(.failed, "\(address): \(outcome.reason.name ?? "failed")\(error)")
    }
}
