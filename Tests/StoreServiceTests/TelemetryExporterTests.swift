import Configuration
import Contracts
import Foundation
import HTTP
import JSONRPC
import ServiceTesting
import TestServers
import Testing

@testable import StoreService

@Suite("Telemetry", .timeLimit(.minutes(2)))
struct TelemetryExporterTests {
    private static let perRequest = ProbePage.seriesPerLine + 4

    @Test("send every minute what it was, with the time at which it ended")
    func minutes() async throws {
        let server = try PostServer { _ in HTTPResponse(status: 204) }
        try await TelemetryCase().run(to: server.url) { export in
            for _ in 0..<2 { await export.minute() }
            let posts = try await server.posts(2)
            #expect(posts.count == 2)
            #expect(posts[0].fields["content-encoding"] == "snappy")
            #expect(posts[0].fields["content-type"] == "application/x-protobuf")
            #expect(posts[0].fields["x-prometheus-remote-write-version"] == "0.1.0")
            #expect(posts[0].fields["user-agent"] == "sonde-store")
            for (index, post) in posts.enumerated() {
                let series = try WrittenSeries.all(in: post.body)
                let sent = series.first { $0.name == "sonde_probe_requests_sent_total" }
                #expect(sent?.value == Double(index + 1))
                #expect(series.allSatisfy { $0.milliseconds % 60_000 == 0 })
            }
            await export.until { export.counts.contains("sonde_store_remote_write_backlog_bytes 0.0") }
            #expect(
                export.counts.contains { $0.hasPrefix("sonde_store_remote_write_samples_total{outcome=\"sent\"}") }
            )
        }
    }

    @Test("send again what fails, hangs or is asked to come later, in the order of time", arguments: [500, 503, 429])
    func again(status: Int) async throws {
        let server = try PostServer { number in
            switch number {
            case 0: HTTPResponse(status: status, fields: ["retry-after": "5"])
            case 1: nil
            default: HTTPResponse(status: 200)
            }
        }
        let hurry: (inout TelemetrySettings) -> Void = { $0.limits.timeout = .milliseconds(300) }
        try await TelemetryCase().run(to: server.url, configure: hurry) { export in
            for _ in 0..<2 { await export.minute() }
            await export.until { server.posts.count >= 4 }
            let times = try server.posts.map { try WrittenSeries.all(in: $0.body).first?.milliseconds }
            #expect(times.count == 4)
            #expect(times[0] == times[1] && times[1] == times[2])
            #expect((times[2] ?? 0) < (times[3] ?? 0))
            await export.until { export.counts.contains("sonde_store_remote_write_retries_total 2") }
            #expect(export.lines(of: "samples are sent again") == 1)
        }
    }

    @Test("drop what is refused, and mention it once")
    func refused() async throws {
        let server = try PostServer { number in
            number < 3 ? .text(400, "out of order") : HTTPResponse(status: 200)
        }
        try await TelemetryCase().run(to: server.url) { export in
            for count in 1...4 {
                await export.minute()
                _ = try await server.posts(count)
            }
            await export.until { export.counts.contains { $0.hasPrefix(Self.outcome("sent")) && !$0.hasSuffix(" 0") } }
            #expect(!export.counts.contains("\(Self.outcome("refused")) 0"))
            #expect(export.lines(of: "samples are refused") == 1)
            #expect(export.lines(of: "status 400: out of order") == 1)
        }
    }

    @Test("give up what is too old, whoever closes on them", arguments: [ScriptedServer.Script.close, .reset])
    func age(script: ScriptedServer.Script) async throws {
        let server = try await ScriptedServer(script)
        try await TelemetryCase().run(to: server.url()) { export in
            await export.minute()
            await export.until { export.counts.contains("sonde_store_remote_write_retries_total 2") }
            #expect(export.counts.contains("\(Self.outcome("lost")) 0"))
            export.store.time.advance(by: .seconds(600))
            await export.until { !export.counts.contains("\(Self.outcome("lost")) 0") }
            #expect(export.counts.contains("\(Self.outcome("sent")) 0"))
        }
    }

    @Test("end though a receiver hangs, for which nobody waits", .timeLimit(.minutes(2)))
    func end() async throws {
        let server = try PostServer { _ in nil }
        try await TelemetryCase().run(to: server.url, configure: { $0.limits.timeout = .seconds(3_600) }) { export in
            await export.minute()
            _ = try await server.posts(1)
        }
    }

    @Test("part what is too much for one request, and send one at a time")
    func parts() async throws {
        let server = try PostServer { _ in HTTPResponse(status: 200) }
        let narrow: (inout TelemetrySettings) -> Void = { $0.limits.requestSeries = 4 }
        try await TelemetryCase().run(to: server.url, configure: narrow) { export in
            await export.minute()
            let posts = try await server.posts(4)
            let sizes = try posts.map { try WrittenSeries.all(in: $0.body).count }
            #expect(sizes == [4, 4, 4, 3])
        }
    }

    @Test("have no sample of a time before the first one counted")
    func start() async throws {
        let server = try PostServer { _ in HTTPResponse(status: 200) }
        try await TelemetryCase().run(to: server.url, every: .seconds(5)) { export in
            let start = export.store.time.now.microseconds / 1_000
            for _ in 0..<3 { await export.rowAndThen(.seconds(5)) }
            let posts = try await server.posts(2)
            let times = try posts.map { try WrittenSeries.all(in: $0.body)[0].milliseconds }
            #expect(times == [UInt64(start), UInt64(start) + 5_000])
        }
    }

    @Test("write OTLP as JSON")
    func otlp() async throws {
        let server = try PostServer { _ in HTTPResponse(status: 200) }
        try await TelemetryCase().run(.otlp, to: server.url) { export in
            await export.minute()
            let posts = try await server.posts(1)
            #expect(posts[0].fields["content-type"] == "application/json")
            let request = try JSONSerialization.jsonObject(with: Data(posts[0].body)) as? [String: Any]
            #expect(request?.keys.sorted() == ["resourceMetrics"])
        }
    }

    private static func outcome(_ name: String) -> String {
        "sonde_store_remote_write_samples_total{outcome=\"\(name)\"}"
    }
}

@Suite("The page of metrics")
struct MeasurementPageTests {
    @Test("has lines of measurements when that is asked for", arguments: [false, true])
    func page(isWanted: Bool) async throws {
        let configure: (inout StoreSettings) -> Void = { $0.telemetry.showsMeasurements = isWanted }
        try await withStore(in: try TemporaryDirectory(), configure: configure) { store in
            let watch = Watch()
            _ = try await store.client.call(.appendMeasurements, watch.batch(3, before: store.time.now))
            let labels = #"agent="agent-1",target="target 0",tenant="default",type="icmp""#
            #expect(store.counts.contains("sonde_probe_requests_sent_total{\(labels)} 3.0") == isWanted)
            #expect(store.counts.contains("# TYPE sonde_probe_latency_seconds summary") == isWanted)
        }
    }
}
