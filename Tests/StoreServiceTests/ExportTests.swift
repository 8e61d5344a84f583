import Contracts
import Database
import JSON
import JSONRPC
import ServiceTesting
import StoreService
import Testing

@Suite("Export")
struct ExportTests {
    private static let header = "id,timestamp,target,type,latency_ms,status,metadata,origin\n"

    let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    /// The file that a filter gives, and its pieces.
    private static func export(
        _ filter: ExportFilter,
        from store: StoreCase
    ) async throws -> (text: String, pieces: [DownloadPiece]) {
        let stream = try await store.client.follow(.exportMeasurements, filter)
        var pieces: [DownloadPiece] = []
        while let piece = try await stream.next() { pieces.append(piece) }
        return (pieces.map(\.text).joined(), pieces)
    }

    private static func day(_ store: StoreCase, _ format: ExportFormat? = nil) -> ExportFilter {
        ExportFilter(
            from: store.time.now.advanced(by: .seconds(-86_400)),
            to: store.time.now.advanced(by: .seconds(60)),
            format: format
        )
    }

    /// 447 rows with values of all kinds, oldest first, as the file has them.
    private static func canonicalRows(before end: Timestamp) -> [String] {
        let targets = [
            "web", "\"a, b\"", "'=cmd()", "'-x", "'@y", "''+z", "日本 é", "\"say \"\"hi\"\"\"", "'quoted'", "a'=b",
        ]
        let latencies = ["0", "0.001", "12.5", "1234567.125", "", "0.1", "1e-07", "9007199254740991", "40", ""]
        let metadata = [
            "{}", "\"{\"\"ttl\"\":57,\"\"hops\"\":[1,2.50,1e3]}\"", "null", "7", "'-7.50", "\"\"\"text, \\n\"\"\"",
            "\"{\"\"é\"\":\"\"\\u00e9\"\"}\"", "[]", "true", "\"[\"\"=1\"\",null]\"",
        ]
        let statuses = ["success", "timeout", "error"]
        return (0..<447).map { number in
            let time = end.advanced(by: .microseconds(-1_000_003 * (447 - number)))
            let latency = latencies[number % 10]
            let status = latency.isEmpty ? statuses[1 + number % 2] : statuses[number % 2 * 2]
            let type = CheckType.allCases[number % CheckType.allCases.count]
            let id = UUIDv7(high: UInt64(number) << 48 | 0x4abc, low: UInt64(447 - number) | 1 << 63)
            return "\(id),\(time),\(targets[number / 3 % 10]),\(type.rawValue),\(latency),\(status),"
                + "\(metadata[number / 7 % 10]),\(targets[number % 4])\n"
        }
    }

    @Test(
        "gives 447 rows as they were imported, byte for byte, from memory, the log and chunks",
        arguments: DatabaseEngine.allCases
    )
    func roundTrip(engine: DatabaseEngine) async throws {
        let time = ManualTime()
        let lines = Self.canonicalRows(before: time.now)
        for configure: (inout StoreSettings) -> Void in [{ _ in }, { $0.compaction.rows = 100 }] {
            let directory = try TemporaryDirectory()
            try await withStore(in: directory, on: engine, time: time, configure: configure) { store in
                let columns = Self.header.dropLast().split(separator: ",").map(String.init)
                var start = 0
                for count in [1, 100, 200, 146] {
                    let text = lines[start..<start + count].joined()
                    let piece = ImportPiece(columns: columns, text: text)
                    let report = try await store.client.call(.importMeasurements, piece)
                    #expect(report == ImportReport(stored: count))
                    start += count
                }
                let file = try await Self.export(Self.day(store), from: store)
                #expect(file.text == Self.header + lines.joined())
                #expect(file.pieces.reduce(0) { $0 + $1.rows } == 447)
            }
            try await withStore(in: directory, on: engine, time: time, configure: configure) { store in
                let file = try await Self.export(Self.day(store), from: store)
                #expect(file.text == Self.header + lines.joined())
            }
        }
    }

    /// Some rows of several series, of which some are in chunks and some in memory.
    private static func fill(_ store: StoreCase, rows: Int = 6_000) async throws -> Watch {
        let watch = Watch(targets: 7)
        let metadata = #"{"address":"192.0.2.7","payload_bytes":56,"time_source":"kernel"}"#
        for start in stride(from: 0, to: rows, by: 1_000) {
            let times = (start..<start + 1_000).map { number in
                // Several rows of one time, in one series and in many.
                let time = store.time.now.advanced(by: .milliseconds(-5_000 * (rows - number) / 7))
                return (Timestamp(microseconds: time.microseconds / 4_000_000 * 4_000_000), Double?(Double(number)))
            }
            let failing = times.enumerated().map { ($1.0, $0 % 50 == 0 ? nil : $1.1) }
            _ = try await store.client.call(.appendMeasurements, watch.batch(failing, metadata: metadata))
        }
        return watch
    }

    /// All rows that a filter of the list gives, oldest first.
    private static func list(_ filter: MeasurementFilter, from store: StoreCase) async throws -> [Measurement] {
        var (filter, rows) = (filter, [Measurement]())
        filter.from = store.time.now.advanced(by: .seconds(-86_400))
        filter.to = store.time.now.advanced(by: .seconds(60))
        filter.limit = 10_000
        repeat {
            let page = try await store.client.call(.listMeasurements, filter)
            rows += page.measurements
            filter.cursor = page.nextCursor
        } while filter.cursor != nil
        return rows.reversed()
    }

    private static func ids(_ text: String) -> [String] {
        text.split(separator: "\n").dropFirst().map { String($0.prefix(36)) }
    }

    @Test(
        "gives the rows of the list in its reversed order, whatever the filter, with chunks moving meanwhile",
        arguments: DatabaseEngine.allCases
    )
    func equalsList(engine: DatabaseEngine) async throws {
        try await withStore(in: directory, on: engine, configure: { $0.compaction.rows = 1_500 }) { store in
            let watch = try await Self.fill(store)
            let all = try await Self.list(MeasurementFilter(), from: store)
            #expect(all.count == 6_000)
            let file = try await Self.export(Self.day(store), from: store)
            #expect(Self.ids(file.text) == all.map(\.id.rawValue))
            #expect(file.pieces.count > 10)
            var failures = Self.day(store)
            failures.status = "timeout"
            let failed = try await Self.export(failures, from: store)
            #expect(Self.ids(failed.text) == all.filter { $0.status == "timeout" }.map(\.id.rawValue))
            var some = Self.day(store)
            some.targetIDs = [watch.series[1].targetID, watch.series[4].targetID]
            some.checkID = watch.series[4].checkID
            let one = try await Self.export(some, from: store)
            let expected = all.filter { $0.targetID == watch.series[4].targetID }
            #expect(Self.ids(one.text) == expected.map(\.id.rawValue))
            some.types = [.tcp]
            #expect(try await Self.export(some, from: store).text == Self.header)
            var middle = Self.day(store)
            (middle.from, middle.to) = (all[100].timestamp, all[5_000].timestamp)
            let between = all.filter { $0.timestamp >= all[100].timestamp && $0.timestamp < all[5_000].timestamp }
            #expect(Self.ids(try await Self.export(middle, from: store).text) == between.map(\.id.rawValue))
        }
    }

    @Test("goes on after any piece, without a header and without a row twice", arguments: DatabaseEngine.allCases)
    func resume(engine: DatabaseEngine) async throws {
        try await withStore(in: directory, on: engine) { store in
            _ = try await Self.fill(store)
            let file = try await Self.export(Self.day(store), from: store)
            for piece in [1, 2, file.pieces.count / 2, file.pieces.count - 1] {
                var filter = Self.day(store)
                filter.cursor = file.pieces[piece].cursor
                let rest = try await Self.export(filter, from: store)
                #expect(rest.text == file.pieces[(piece + 1)...].map(\.text).joined())
            }
        }
    }

    @Test(
        "keeps some rows of a series and one piece, however slowly they are taken",
        arguments: DatabaseEngine.allCases
    )
    func memory(engine: DatabaseEngine) async throws {
        try await withStore(in: directory, on: engine) { store in
            let watch = Watch()
            let early = watch.batch(6_000, before: store.time.now.advanced(by: .seconds(-60)))
            _ = try await store.client.call(.appendMeasurements, early)
            let stream = try await store.client.follow(.exportMeasurements, Self.day(store))
            let header = try await stream.next()
            #expect(header == DownloadPiece(text: Self.header, rows: 0))
            var ids: [String] = []
            func take(_ piece: DownloadPiece) {
                #expect(piece.text.utf8.count < 70_000)
                ids += piece.text.split(separator: "\n").map { String($0.prefix(36)) }
            }
            take(try #require(try await stream.next()))
            // What is stored now comes, so the stream had not read to the end of the series.
            let late = watch.batch(7, before: store.time.now)
            _ = try await store.client.call(.appendMeasurements, late)
            while let piece = try await stream.next() { take(piece) }
            #expect(ids == (early.ids + late.ids).map(\.description))
        }
    }

    @Test("writes lines of JSON, and arrays of one type with their schema", arguments: DatabaseEngine.allCases)
    func formats(engine: DatabaseEngine) async throws {
        try await withStore(in: directory, on: engine) { store in
            _ = try await Self.fill(store, rows: 1_000)
            let all = try await Self.list(MeasurementFilter(), from: store)
            let lines = try await Self.export(Self.day(store, .jsonl), from: store).text.split(separator: "\n")
            #expect(lines.count == 1_000)
            for (line, row) in zip(lines, all) {
                let value = try JSONValue(json: Array(line.utf8))
                #expect(value["id"] == .string(row.id.rawValue))
                #expect(value["latency_ms"] == row.latencyMilliseconds.map { .double($0) } ?? .null)
                #expect(value["metadata"] == row.metadata)
            }
            var filter = Self.day(store, .columns)
            filter.allFields = true
            let batches = try await Self.export(filter, from: store).text.split(separator: "\n")
                .map { try JSONValue(json: Array($0.utf8)) }
            guard case .array(let schema)? = batches.first?["schema"] else { return #expect(Bool(false)) }
            let names = schema.compactMap { field in
                if case .string(let name)? = field["name"] { name } else { nil }
            }
            #expect(names == MeasurementField.allCases.map(\.rawValue))
            #expect(schema.first { $0["name"] == "timestamp" }?["type"] == "timestamp[us, tz=UTC]")
            var columns: [String: [JSONValue]] = [:]
            for batch in batches.dropFirst() {
                for name in names {
                    guard case .array(let values)? = batch[name] else { return #expect(Bool(false)) }
                    columns[name, default: []] += values
                }
                #expect(Set(columns.values.map(\.count)).count == 1)
            }
            #expect(columns["timestamp"] == all.map { .int(Int($0.timestamp.microseconds)) })
            #expect(columns["check_id"] == all.map { .string($0.checkID.rawValue) })
            #expect(columns["reason"] == all.map { $0.reason.map { .string($0) } ?? .null })
        }
    }

    @Test("has all fields when asked, and takes them back to where they were", arguments: DatabaseEngine.allCases)
    func allFields(engine: DatabaseEngine) async throws {
        let copy = try TemporaryDirectory()
        let time = ManualTime()
        try await withStore(in: directory, on: engine, time: time) { store in
            _ = try await Self.fill(store, rows: 1_000)
            let now = store.time.now
            let filter = ExportFilter(
                from: now.advanced(by: .seconds(-86_400)),
                to: now.advanced(by: .seconds(60)),
                allFields: true
            )
            let file = try await Self.export(filter, from: store).text
            let end = try #require(file.firstIndex(of: "\n"))
            let columns = file[..<end].split(separator: ",").map(String.init)
            #expect(columns == MeasurementField.allCases.map(\.rawValue))
            let piece = ImportPiece(columns: columns, text: String(file[end...].dropFirst()))
            let again = try await store.client.call(.importMeasurements, piece)
            #expect(again == ImportReport(duplicates: 1_000))
            try await withStore(in: copy, time: time) { other in
                let report = try await other.client.call(.importMeasurements, piece)
                #expect(report == ImportReport(stored: 1_000))
                #expect(try await Self.export(filter, from: other).text == file)
            }
        }
    }

    @Test(
        "takes times, targets and types from a session, and what is said beside it before that",
        arguments: DatabaseEngine.allCases
    )
    func session(engine: DatabaseEngine) async throws {
        try await withStore(in: directory, on: engine) { store in
            let watch = try await Self.fill(store, rows: 2_000)
            let all = try await Self.list(MeasurementFilter(), from: store)
            let target = watch.series[2].targetID
            let new = NewSession(
                name: "a",
                from: all[200].timestamp,
                to: all[1_500].timestamp,
                targetIDs: [target],
                types: [.icmp]
            )
            let session = try await store.client.call(.createSession, new)
            let file = try await Self.export(ExportFilter(sessionID: session.id), from: store)
            let expected = all.filter {
                $0.targetID == target && $0.timestamp >= new.from && $0.timestamp < all[1_500].timestamp
            }
            #expect(Self.ids(file.text) == expected.map(\.id.rawValue))
            let other = ExportFilter(targetIDs: [watch.series[3].targetID], sessionID: session.id)
            let rest = Self.ids(try await Self.export(other, from: store).text)
            #expect(!rest.isEmpty && Set(rest).isDisjoint(with: Self.ids(file.text)))
            let error = try await failure {
                try await store.client.follow(.exportMeasurements, ExportFilter(sessionID: .make()))
            }
            #expect(error.code == .notFound)
        }
    }

    @Test("says what is wrong with a filter, and calls the file by its time", arguments: DatabaseEngine.allCases)
    func filters(engine: DatabaseEngine) async throws {
        try await withStore(in: directory, on: engine) { store in
            let now = store.time.now
            var filters: [(filter: ExportFilter, field: String)] = [(ExportFilter(from: now, to: now), "from")]
            var filter = ExportFilter()
            filter.status = "ok"
            filters.append((filter, "status"))
            filter = ExportFilter()
            filter.reason = "bad luck"
            filters.append((filter, "reason"))
            filter = ExportFilter()
            filter.cursor = "1"
            filters.append((filter, "cursor"))
            filters.append((ExportFilter(targetIDs: (0...1_000).map { _ in .make() }), "target_ids"))
            for (filter, field) in filters {
                let error = try await failure { try await store.client.follow(.exportMeasurements, filter) }
                #expect(error.code == .invalidParams)
                #expect(error.data?["field"] == .string(field))
            }
            let day = Timestamp(microseconds: 1_767_225_600_000_000)
            let early = ExportFilter(from: day, to: day.advanced(by: .seconds(3_661)), format: .jsonl)
            let stream = try await store.client.follow(.exportMeasurements, early)
            #expect(stream.result.fileName == "measurements-20260101T000000Z-20260101T010101Z.jsonl")
            #expect(stream.result.contentType == "application/x-ndjson")
        }
    }
}
