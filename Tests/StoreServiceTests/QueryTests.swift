import Contracts
import Database
import JSON
import JSONRPC
import ServiceTesting
import StoreService
import Testing

@Suite("Queries")
struct QueryTests {
    let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    @Test("list rows newest first, page by page, each once, across series", arguments: DatabaseEngine.allCases)
    func pages(engine: DatabaseEngine) async throws {
        try await withStore(in: directory, on: engine) { store in
            let watches = (0..<4).map { _ in Watch(targets: 3) }
            var all: [Measurement] = []
            for (number, watch) in watches.enumerated() {
                // Equal times in all series, so that the order depends on more than the time.
                let batch = watch.batch(90 + number, before: store.time.now)
                _ = try await store.client.call(.appendMeasurements, batch)
                all += (0..<batch.count).map(batch.row)
            }
            let expected = all.sorted { ($0.timestamp, $0.id.rawValue) > ($1.timestamp, $1.id.rawValue) }
            var seen: [Measurement] = []
            var filter = MeasurementFilter(limit: 37)
            repeat {
                let page = try await store.client.call(.listMeasurements, filter)
                seen += page.measurements
                filter.cursor = page.nextCursor
                // Rows that come meanwhile are newer, and no part of the pages to come.
                store.time.advance(by: .seconds(1))
                _ = try await store.client.call(
                    .appendMeasurements,
                    watches[0].batch(1, before: store.time.now.advanced(by: .seconds(1)))
                )
            } while filter.cursor != nil
            #expect(seen == expected)
        }
    }

    @Test("find one row by its id, which tells when it was", arguments: DatabaseEngine.allCases)
    func byID(engine: DatabaseEngine) async throws {
        try await withStore(in: directory, on: engine, time: ManualTime(.now)) { store in
            let watch = Watch(targets: 2)
            _ = try await store.client.call(.appendMeasurements, watch.batch(50, before: .now))
            let rows = try await store.client.call(.listMeasurements, MeasurementFilter(to: .now)).measurements
            let row = try #require(rows.last)
            var filter = MeasurementFilter()
            filter.id = row.id
            #expect(try await store.client.call(.listMeasurements, filter).measurements == [row])
            filter.checkID = .make()
            #expect(try await store.client.call(.listMeasurements, filter).measurements == [])
            filter = MeasurementFilter()
            filter.id = .make()
            #expect(try await store.client.call(.listMeasurements, filter).measurements == [])
        }
    }

    @Test("are about the targets that have some labels, as the orchestrator says", arguments: DatabaseEngine.allCases)
    func labels(engine: DatabaseEngine) async throws {
        let watch = Watch(targets: 3)
        let target = watch.series[1].targetID
        let orchestrator = checkOwners(sites: ["vienna": [target, .make()]])
        try await withStore(in: directory, on: engine, orchestrator: orchestrator) { store in
            _ = try await store.client.call(.appendMeasurements, watch.batch(30, before: store.time.now))
            var list = MeasurementFilter(to: store.time.now)
            list.labels = "site=vienna"
            let rows = try await store.client.call(.listMeasurements, list).measurements
            #expect(rows.count == 10 && rows.allSatisfy { $0.targetID == target })
            var latest = LatestFilter()
            latest.labels = "site=vienna"
            #expect(try await store.client.call(.latestMeasurements, latest).measurements.map(\.targetID) == [target])
            var summary = SummaryFilter(to: store.time.now)
            summary.labels = "site=vienna"
            let report = try await store.client.call(.summarizeMeasurements, summary)
            #expect(report.targets.map(\.targetID) == [target] && report.overall.count == 10)
            var matrix = MatrixFilter(to: store.time.now)
            matrix.labels = "site=vienna"
            #expect(try await store.client.call(.measurementMatrix, matrix).targets.map(\.targetID) == [target])
            var export = ExportFilter(to: store.time.now, format: .jsonl)
            export.labels = "site=vienna"
            #expect(try await Self.rows(export, from: store) == 10)
            // Where nothing has the label, nothing is found.
            list.labels = "site=graz"
            #expect(try await store.client.call(.listMeasurements, list).measurements == [])
            list.labels = "site"
            #expect(try await failure { try await store.client.call(.listMeasurements, list) }.code == .invalidParams)
        }
    }

    private static func rows(_ filter: ExportFilter, from store: StoreCase) async throws -> Int {
        let download = try await store.client.follow(.exportMeasurements, filter)
        var rows = 0
        while let piece = try await download.next() { rows += piece.rows }
        return rows
    }

    @Test("list what a target, a check, an agent, a status and a span leave over", arguments: DatabaseEngine.allCases)
    func filters(engine: DatabaseEngine) async throws {
        try await withStore(in: directory, on: engine) { store in
            let (one, two) = (Watch(targets: 2), Watch(targets: 2))
            let now = store.time.now
            for watch in [one, two] {
                let rows = (0..<100).map { index in
                    (now.advanced(by: .seconds(-index)), index % 10 == 0 ? nil : Double(index))
                }
                _ = try await store.client.call(.appendMeasurements, watch.batch(rows))
            }
            let to = now.advanced(by: .seconds(1))
            func count(_ change: (inout MeasurementFilter) -> Void) async throws -> Int {
                var filter = MeasurementFilter(to: to, limit: 1_000)
                change(&filter)
                return try await store.client.call(.listMeasurements, filter).measurements.count
            }
            #expect(try await count { _ in } == 200)
            #expect(try await count { $0.type = .icmp } == 200)
            #expect(try await count { $0.type = .trace } == 0)
            #expect(try await count { $0.targetID = one.series[0].targetID } == 50)
            #expect(try await count { $0.checkID = two.series[1].checkID } == 50)
            #expect(try await count { $0.agentID = two.agentID } == 100)
            #expect(try await count { $0.status = "timeout" } == 20)
            #expect(try await count { $0.reason = "timeout" } == 20)
            #expect(try await count { $0.reason = "refused" } == 0)
            #expect(try await count { $0.targetID = .make() } == 0)
            #expect(
                try await count { filter in
                    filter.from = now.advanced(by: .seconds(-9))
                    filter.to = now.advanced(by: .seconds(-4))
                } == 10
            )
        }
    }

    @Test(
        "give the newest row of every check and agent, whatever order rows come in and names they had",
        arguments: DatabaseEngine.allCases
    )
    func latest(engine: DatabaseEngine) async throws {
        let time = ManualTime()
        var watch = Watch(targets: 2)
        let newest = watch.batch(2, before: time.now)
        try await withStore(in: directory, on: engine, time: time) { [watch] store in
            _ = try await store.client.call(.appendMeasurements, newest)
            let older = watch.batch(20, before: time.now.advanced(by: .seconds(-60)))
            _ = try await store.client.call(.appendMeasurements, older)
            let page = try await store.client.call(.latestMeasurements, LatestFilter())
            #expect(page.measurements == [1, 0].map(newest.row))
        }
        watch.origin = "renamed"
        try await withStore(in: directory, on: engine, time: time) { [watch] store in
            let before = try await store.client.call(.latestMeasurements, LatestFilter())
            #expect(before.measurements == [1, 0].map(newest.row))
            let renamed = watch.batch([(time.now, 5)])
            _ = try await store.client.call(.appendMeasurements, renamed)
            let page = try await store.client.call(.latestMeasurements, LatestFilter())
            #expect(page.measurements == [renamed.row(0), newest.row(1)])
            let filter = LatestFilter(targetID: watch.series[1].targetID)
            #expect(try await store.client.call(.latestMeasurements, filter).measurements == [newest.row(1)])
        }
    }

    @Test("sum up a span exactly, and percentiles to one percent", arguments: DatabaseEngine.allCases)
    func summary(engine: DatabaseEngine) async throws {
        try await withStore(in: directory, on: engine) { store in
            let watch = Watch(targets: 2)
            let now = store.time.now
            // Of 2,000 rows each twentieth is a timeout; the rest are 1 to 1,000 ms, the same for both targets.
            let rows = (0..<2_000).map { index -> (Timestamp, Double?) in
                let latency = Double(index / 2 + 1)
                return (now.advanced(by: .milliseconds(-index - 1)), index / 2 % 20 == 0 ? nil : latency)
            }
            _ = try await store.client.call(.appendMeasurements, watch.batch(rows))
            let filter = SummaryFilter(from: now.advanced(by: .seconds(-10)), to: now)
            let report = try await store.client.call(.summarizeMeasurements, filter)
            #expect(report.overall.count == 2_000)
            #expect(report.overall.failures == 100)
            #expect(report.overall.errorRate == 0.05)
            #expect(report.overall.throughput == 200)
            #expect(report.overall.minimum == 2)
            #expect(report.overall.maximum == 1_000)
            let latencies = rows.compactMap(\.1).sorted()
            let mean = try #require(report.overall.mean)
            #expect(abs(mean - latencies.reduce(0, +) / Double(latencies.count)) < 1e-9)
            for (value, fraction) in [
                (report.overall.p50, 0.5), (report.overall.p95, 0.95), (report.overall.p99, 0.99),
            ] {
                let exact = latencies[Int(fraction * Double(latencies.count - 1))]
                #expect(abs(try #require(value) - exact) <= 0.01 * exact)
            }
            #expect(Set(report.targets.map(\.targetID)) == Set(watch.series.map(\.targetID)))
            #expect(report.targets.map(\.summary.count) == [1_000, 1_000])
            let one = SummaryFilter(targetID: watch.series[0].targetID, from: filter.from, to: filter.to)
            let single = try await store.client.call(.summarizeMeasurements, one)
            #expect(single.targets.map(\.targetID) == [watch.series[0].targetID])
            #expect(single.overall == single.targets.first?.summary)
            let empty = SummaryFilter(from: now.advanced(by: .seconds(-7_200)), to: now.advanced(by: .seconds(-3_600)))
            let nothing = try await store.client.call(.summarizeMeasurements, empty)
            #expect(nothing.overall == Summary())
            #expect(nothing.targets.isEmpty)
        }
    }

    @Test(
        "tell the endpoints of a check apart, and count what was sent and answered",
        arguments: DatabaseEngine.allCases
    )
    func endpoints(engine: DatabaseEngine) async throws {
        try await withStore(in: directory, on: engine) { store in
            let watch = Watch()
            let second = store.time.now.advanced(by: .seconds(-1))
            var batch = watch.batch([(second, 4), (second, nil), (second, 8)])
            batch.series = ["ipv4", "ipv6"].map { endpoint in
                var series = watch.series[0]
                series.endpoint = endpoint
                return series
            }
            batch.columns.series = [0, 1, 0]
            batch.columns.sent = [10, 10, 10]
            batch.columns.received = [10, 0, 7]
            _ = try await store.client.call(.appendMeasurements, batch)
            let target = watch.series[0].targetID
            let latest = try await store.client.call(.latestMeasurements, LatestFilter(targetID: target))
            #expect(
                latest.measurements.map { "\($0.endpoint ?? "") \($0.status)" }.sorted() == [
                    "ipv4 success", "ipv6 timeout",
                ]
            )
            let filter = TimelineFilter(targetID: target, from: second, to: store.time.now, points: 1)
            let lines = try await store.client.call(.measurementTimeline, filter).series
            #expect(lines.map(\.endpoint) == ["ipv4", "ipv6"])
            #expect(lines.map(\.sent) == [[20], [10]])
            #expect(lines.map(\.received) == [[17], [0]])
            let summary = try await store.client.call(.summarizeMeasurements, SummaryFilter(targetID: target)).overall
            #expect(summary.loss == 13.0 / 30)
        }
    }

    @Test("cut a target's span into steps", arguments: DatabaseEngine.allCases)
    func timeline(engine: DatabaseEngine) async throws {
        try await withStore(in: directory, on: engine) { store in
            let watch = Watch()
            let from = store.time.now.advanced(by: .seconds(-100))
            let rows: [(time: Timestamp, latency: Double?)] = [
                (from, 1), (from.advanced(by: .milliseconds(9_999)), 3), (from.advanced(by: .seconds(10)), nil),
                (from.advanced(by: .milliseconds(99_999)), 8),
            ]
            _ = try await store.client.call(.appendMeasurements, watch.batch(rows))
            let filter = TimelineFilter(
                targetID: watch.series[0].targetID,
                from: from,
                to: store.time.now,
                points: 10
            )
            let timeline = try await store.client.call(.measurementTimeline, filter)
            #expect(timeline.stepMilliseconds == 10_000)
            let line = try #require(timeline.series.first)
            #expect(timeline.series.count == 1)
            #expect(line.checkID == watch.series[0].checkID)
            #expect(line.count == [2, 1, 0, 0, 0, 0, 0, 0, 0, 1])
            #expect(line.failures == [0, 1, 0, 0, 0, 0, 0, 0, 0, 0])
            #expect(line.minimum.prefix(2) == [1, nil])
            #expect(line.mean.prefix(2) == [2, nil])
            #expect(line.maximum == [3, nil, nil, nil, nil, nil, nil, nil, nil, 8])
        }
    }

    @Test("refuse what they cannot answer within their limits", arguments: RefusedQuery.all)
    func refused(_ query: RefusedQuery) async throws {
        try await withStore(
            in: directory,
            configure: { settings in
                settings.queries.rows = 50
                settings.queries.timelinePoints = 1_000
            }
        ) { store in
            _ = try await store.client.call(.appendMeasurements, Watch().batch(60, before: store.time.now))
            let error = try await failure { try await query.call(store.client, store.time.now) }
            #expect(error.code == .invalidParams)
            #expect(error.data?["field"] == .string(query.field), "\(error.message)")
        }
    }
}

/// A query that breaks one rule, and the field at fault.
struct RefusedQuery: Sendable, CustomTestStringConvertible {
    let field: String
    let testDescription: String
    let call: @Sendable (RPCClient, Timestamp) async throws -> Void

    static let all = [
        RefusedQuery(field: "limit", testDescription: "no rows") { client, _ in
            _ = try await client.call(.listMeasurements, MeasurementFilter(limit: 0))
        },
        RefusedQuery(field: "limit", testDescription: "too many rows at once") { client, _ in
            _ = try await client.call(.listMeasurements, MeasurementFilter(limit: 10_001))
        },
        RefusedQuery(field: "cursor", testDescription: "a foreign cursor") { client, _ in
            var filter = MeasurementFilter()
            filter.cursor = "1.2.3"
            _ = try await client.call(.listMeasurements, filter)
        },
        RefusedQuery(field: "status", testDescription: "an unknown status") { client, _ in
            var filter = MeasurementFilter()
            filter.status = "fine"
            _ = try await client.call(.listMeasurements, filter)
        },
        RefusedQuery(field: "from", testDescription: "an end before the beginning") { client, now in
            let filter = SummaryFilter(from: now, to: now.advanced(by: .seconds(-1)))
            _ = try await client.call(.summarizeMeasurements, filter)
        },
        RefusedQuery(field: "from", testDescription: "rows of more than 31 days") { client, now in
            let filter = MeasurementFilter(from: now.advanced(by: .seconds(-32 * 86_400)), to: now)
            _ = try await client.call(.listMeasurements, filter)
        },
        RefusedQuery(field: "from", testDescription: "sums of more than ten years") { client, now in
            let filter = SummaryFilter(from: now.advanced(by: .seconds(-3_661 * 86_400)), to: now)
            _ = try await client.call(.summarizeMeasurements, filter)
        },
        RefusedQuery(field: "reason", testDescription: "an unknown reason") { client, _ in
            var filter = MeasurementFilter()
            filter.reason = "bad luck"
            _ = try await client.call(.listMeasurements, filter)
        },
        RefusedQuery(field: "bins", testDescription: "one bin") { client, _ in
            var filter = HeatmapFilter(targetID: .make())
            filter.bins = 1
            _ = try await client.call(.measurementHeatmap, filter)
        },
        RefusedQuery(field: "points", testDescription: "a matrix of too many steps") { client, _ in
            _ = try await client.call(.measurementMatrix, MatrixFilter(points: 201))
        },
        RefusedQuery(field: "target_ids", testDescription: "a matrix of too many targets") { client, _ in
            let targets = (0..<1_001).map { _ in TargetID.make() }
            _ = try await client.call(.measurementMatrix, MatrixFilter(targetIDs: targets))
        },
        RefusedQuery(field: "from", testDescription: "more rows than may be looked at") { client, _ in
            _ = try await client.call(.summarizeMeasurements, SummaryFilter())
        },
        RefusedQuery(field: "points", testDescription: "too many points for all series") { client, _ in
            let latest = try await client.call(.latestMeasurements, LatestFilter()).measurements
            let target = try #require(latest.first?.targetID)
            _ = try await client.call(.measurementTimeline, TimelineFilter(targetID: target, points: 1_500))
        },
        RefusedQuery(field: "points", testDescription: "too many points") { client, _ in
            _ = try await client.call(.measurementTimeline, TimelineFilter(targetID: .make(), points: 2_001))
        },
    ]
}
