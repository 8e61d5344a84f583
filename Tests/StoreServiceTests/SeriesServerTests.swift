import Contracts
import Egress
import EventLoop
import Foundation
import JSONRPC
import Observability
import ServiceTesting
import TestServers
import Testing

@testable import StoreService

@Suite("Real receivers", .timeLimit(.minutes(2)))
struct SeriesServerTests {
    private static let target = "say \"hi\"\\, Zürich 東京"

    @Test("get what a store measures by remote write, and answer with it", arguments: SeriesServer.Kind.allCases)
    func remoteWrite(kind: SeriesServer.Kind) async throws {
        let server = try await SeriesServer(kind)
        defer { server.stop() }
        let client = try WebClient()
        try await client.await(server.readyURL) { $0.status == 200 }
        // These servers do not take what is far from their own time.
        let now = Timestamp.now.microseconds
        let time = ManualTime(Timestamp(microseconds: now - now % 60_000_000))
        let clock = StandingClock(loops: 3)
        let configure: (inout StoreSettings) -> Void = { settings in
            settings.telemetry.instance = "store-0"
            settings.telemetry.remoteWrite = TelemetrySettings.Destination(url: server.remoteWriteURL)
        }
        try await withStore(in: try TemporaryDirectory(), time: time, clock: clock, configure: configure) { store in
            let exports = await store.store.telemetry(on: client.loop)
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await exports.run() }
                await clock.untilSleeping()
                try await Self.measure(store)
                time.advance(by: .seconds(70))
                clock.wake()
                // A server that is asked too early remembers for seconds that there is nothing.
                while !store.counts.contains(#"sonde_store_remote_write_samples_total{outcome="sent"} 15"#) {
                    await pause()
                }
                try await client.await(server.flushURL) { _ in true }
                try await Self.ask(server, client, at: time.now)
                group.cancelAll()
                while (try? await group.next()) != nil {}
            }
            #expect(store.counts.contains("sonde_store_remote_write_retries_total 0"))
        }
    }

    /// Three answers and one timeout.
    private static func measure(_ store: StoreCase) async throws {
        var watch = Watch()
        watch.series[0].target = target
        let rows = [10.0, 20, 30, nil].enumerated().map { number, latency in
            (store.time.now.advanced(by: .seconds(number)), latency)
        }
        _ = try await store.client.call(.appendMeasurements, watch.batch(rows))
    }

    private static func ask(_ server: SeriesServer, _ client: WebClient, at time: Timestamp) async throws {
        let target = #""say \"hi\"\\, Zürich 東京""#
        let labels = "target=\(target),agent=\"agent-1\",type=\"icmp\",job=\"sonde-store\",instance=\"store-0\""
        let expected: [(String, Double)] = [
            ("sonde_probe_results_total{status=\"success\",\(labels)}", 3),
            ("sonde_probe_results_total{status=\"timeout\",\(labels)}", 1),
            ("sonde_probe_requests_sent_total{\(labels)}", 4),
            ("sonde_probe_requests_answered_total{\(labels)}", 3),
            ("sonde_probe_loss_ratio{\(labels)}", 0.25),
            ("sonde_probe_latency_seconds_sum{\(labels)}", 0.06),
            ("sonde_probe_latency_seconds_count{\(labels)}", 3),
            ("round(sonde_probe_latency_seconds{quantile=\"0.5\",\(labels)}, 0.001)", 0.02),
            ("count({__name__=~\"sonde_probe_.*\"})", 15),
        ]
        for (query, value) in expected {
            let url = try queryURL(server, query, at: time)
            var found: Double?
            try await client.await(url) { response in
                found = Self.value(in: response.body)
                return found != nil
            }
            #expect(found == value, "\(query)")
        }
    }

    private static func queryURL(_ server: SeriesServer, _ query: String, at time: Timestamp) throws -> String {
        var url = try #require(URLComponents(string: "\(server.url)/api/v1/query"))
        url.queryItems = [
            URLQueryItem(name: "query", value: query),
            URLQueryItem(name: "time", value: "\(time.microseconds / 1_000_000)"),
        ]
        return try #require(url.string)
    }

    /// The one value of an answer; `nil` while there is none.
    private static func value(in body: [UInt8]) -> Double? {
        let answer = try? JSONSerialization.jsonObject(with: Data(body)) as? [String: Any]
        let result = (answer?["data"] as? [String: Any])?["result"] as? [[String: Any]]
        let value = (result?.first?["value"] as? [Any])?.last as? String
        return result?.count == 1 ? value.flatMap(Double.init) : nil
    }
}

/// Asks for pages from a loop of its own.
private struct WebClient: Sendable {
    let loop: EventLoop

    init() throws {
        loop = try EventLoop(name: "client")
        try loop.start()
    }

    /// Asks again until the answer is the wanted one, for at most 20 seconds.
    func await(_ url: String, _ isWanted: (EgressResponse) -> Bool) async throws {
        let deadline = ContinuousClock.now + .seconds(60)
        while ContinuousClock.now < deadline {
            if case .success(let response) = try await get(url), isWanted(response) { return }
        }
        Issue.record("no such answer from \(url)")
    }

    private func get(_ url: String) async throws -> Result<EgressResponse, EgressError> {
        await withTaskExecutorPreference(loop) { [loop] in
            let egress = HTTPEgress(AddressGate(DNSResolver(on: loop)))
            do throws(EgressError) {
                return .success(try await egress.perform(EgressRequest("GET", url)))
            } catch {
                return .failure(error)
            }
        }
    }
}
