import Contracts
import Database
import JSON
import JSONRPC
import ServiceTesting
import StoreService
import Testing

@Suite("Import")
struct ImportTests {
    static let columns = ["id", "timestamp", "target", "type", "latency_ms", "status", "metadata", "origin"]

    let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    private static func all(_ store: StoreCase, _ target: TargetID? = nil) async throws -> [Measurement] {
        let from = store.time.now.advanced(by: .seconds(-86_400))
        let to = store.time.now.advanced(by: .seconds(60))
        let filter = MeasurementFilter(targetID: target, from: from, to: to, limit: 10_000)
        return try await store.client.call(.listMeasurements, filter).measurements
    }

    /// A row of the usual columns, so many seconds before now.
    private static func line(_ store: StoreCase, _ seconds: Int, id: String = "", _ rest: String) -> String {
        "\(id),\(store.time.now.advanced(by: .seconds(-seconds))),\(rest)\n"
    }

    private static func check(_ piece: ImportPiece, _ expected: ImportReport, in store: StoreCase) async throws {
        let report = try await store.client.call(.importMeasurements, piece)
        #expect(report == expected)
    }

    @Test("stores rows with all that they say, and what follows from it", arguments: DatabaseEngine.allCases)
    func stores(engine: DatabaseEngine) async throws {
        try await withStore(in: directory, on: engine) { store in
            let id = "f81d4fae-7dec-41d0-a765-00a0c91e6bf6"
            let text =
                Self.line(store, 3, id: id, #"web,icmp,12.5,success,"{""ttl"":57}",office"#)
                + Self.line(store, 2, "web,icmp,,timeout,,office")
                + Self.line(store, 1, "'=web,tcp,0.001,error,[],lab")
            let piece = ImportPiece(columns: Self.columns, text: text)
            try await Self.check(piece, ImportReport(stored: 3), in: store)
            let rows = try await Self.all(store).reversed() as [Measurement]
            #expect(rows.map(\.target) == ["web", "web", "=web"])
            #expect(rows.map(\.type) == ["icmp", "icmp", "tcp"])
            #expect(rows.map(\.latencyMilliseconds) == [12.5, nil, 0.001])
            #expect(rows.map(\.status) == ["success", "timeout", "error"])
            #expect(rows.map(\.reason) == [nil, "timeout", nil])
            #expect(rows.map(\.metadata) == [["ttl": 57], [:], []])
            #expect(rows.map(\.origin) == ["office", "office", "lab"])
            #expect(rows.map(\.received) == [1, 0, 1])
            #expect(rows[0].id.rawValue == id)
            #expect(rows[0].checkID == rows[1].checkID && rows[0].targetID == rows[1].targetID)
            #expect(rows[1].targetID != rows[2].targetID && rows[1].agentID != rows[2].agentID)
        }
    }

    @Test(
        "stores nothing when it is done again, after a restart and with or without ids",
        arguments: DatabaseEngine.allCases
    )
    func idempotent(engine: DatabaseEngine) async throws {
        let time = ManualTime()
        let text = (0..<200).map { number in
            let id = number % 2 == 0 ? "" : UUIDv7.make().description
            let at = time.now.advanced(by: .seconds(-number))
            return "\(id),\(at),target \(number % 3),icmp,\(number).25,success,{},agent \(number % 5)\n"
        }
        let piece = ImportPiece(columns: Self.columns, text: text.joined())
        try await withStore(in: directory, on: engine, time: time) { store in
            try await Self.check(piece, ImportReport(stored: 200), in: store)
            try await Self.check(piece, ImportReport(duplicates: 200), in: store)
        }
        try await withStore(in: directory, on: engine, time: time) { store in
            var shuffled = piece
            shuffled.text = text.reversed().joined()
            try await Self.check(shuffled, ImportReport(duplicates: 200), in: store)
            #expect(try await Self.all(store).count == 200)
        }
    }

    @Test("counts a line that stands in a piece twice once", arguments: DatabaseEngine.allCases)
    func twice(engine: DatabaseEngine) async throws {
        try await withStore(in: directory, on: engine) { store in
            let line = Self.line(store, 9, "web,icmp,1,success,{},office")
            var piece = ImportPiece(columns: Self.columns, text: line + line, dryRun: true)
            try await Self.check(piece, ImportReport(stored: 1, duplicates: 1), in: store)
            piece.dryRun = false
            try await Self.check(piece, ImportReport(stored: 1, duplicates: 1), in: store)
        }
    }

    @Test("only looks in a dry run, and says what it would have done", arguments: DatabaseEngine.allCases)
    func dryRun(engine: DatabaseEngine) async throws {
        try await withStore(in: directory, on: engine) { store in
            let known = Self.line(store, 5, "web,icmp,1,success,{},office")
            _ = try await store.client.call(
                .importMeasurements,
                ImportPiece(columns: Self.columns, text: known)
            )
            let new = Self.line(store, 4, "web,icmp,2,success,{},office") + Self.line(store, 3, "a,tcp,2,success,{},b")
            let text = new + known + Self.line(store, 2, "web,icmp,2,lost,{},office")
            let piece = ImportPiece(columns: Self.columns, text: text, dryRun: true)
            let counts = store.counts
            for _ in 0..<2 {
                let report = try await store.client.call(.importMeasurements, piece)
                #expect((report.stored, report.duplicates, report.refused) == (2, 1, 1))
            }
            #expect(try await Self.all(store).count == 1)
            #expect(store.counts == counts)
        }
    }

    @Test("refuses rows by line and field, and stores the others", arguments: DatabaseEngine.allCases)
    func problems(engine: DatabaseEngine) async throws {
        try await withStore(in: directory, on: engine) { store in
            let (now, rest) = (store.time.now, "web,icmp,1,success,{},office")
            let old = now.advanced(by: .seconds(-40 * 86_400))
            let lines: [(text: String, field: MeasurementField?)] = [
                ("x,\(now),\(rest)", .id), (",yesterday,\(rest)", .timestamp), (",,\(rest)", .timestamp),
                (",1999-12-31T00:00:00Z,\(rest)", .timestamp), (",\(old),\(rest)", .timestamp),
                (",\(now.advanced(by: .seconds(7_200))),\(rest)", .timestamp),
                (",99999999999999999999,\(rest)", .timestamp),
                (",\(now),,icmp,1,success,{},office", .target), (",\(now),a\tb,icmp,1,success,{},office", .target),
                (",\(now),web,ping,1,success,{},office", .type), (",\(now),web,icmp,-1,success,{},office", .latency),
                (",\(now),web,icmp,1e999,success,{},office", .latency),
                (",\(now),web,icmp,nan,success,{},office", .latency),
                (",\(now),web,icmp,0x10,success,{},office", .latency), (",\(now),web,icmp,1,ok,{},office", .status),
                (",\(now),web,icmp,1,,{},office", .status), (",\(now),web,icmp,1,success,{,office", .metadata),
                (",\(now),web,icmp,1,success,\"\"\"\(String(repeating: "x", count: 4_095))\"\"\",office", .metadata),
                (",\(now),web,icmp,1,success,{},", .origin), (",\(now),\(rest),more", nil), (",\(now),web", nil),
            ]
            let good = Self.line(store, 1, rest)
            let text = "\n" + lines.map { "\($0.text)\r\n" }.joined() + good
            let piece = ImportPiece(columns: Self.columns, text: text, firstLine: 100)
            let report = try await store.client.call(.importMeasurements, piece)
            #expect(report.stored == 1)
            #expect(report.refused == lines.count)
            #expect(report.errors.map(\.line) == Array(101..<101 + lines.count))
            #expect(report.errors.map(\.field) == lines.map(\.field))
            #expect(try await Self.all(store).count == 1)
        }
    }

    @Test("tells of a hundred wrong rows, and counts all", arguments: DatabaseEngine.allCases)
    func manyProblems(engine: DatabaseEngine) async throws {
        try await withStore(in: directory, on: engine) { store in
            let text = String(repeating: "x\n", count: 250)
            let piece = ImportPiece(columns: Self.columns, text: text)
            let report = try await store.client.call(.importMeasurements, piece)
            #expect(report.refused == 250)
            #expect(report.errors.count == 100)
        }
    }

    @Test(
        "refuses a piece that is no CSV, whose columns are wrong, or that is too long, and stores nothing of it",
        arguments: DatabaseEngine.allCases
    )
    func refused(engine: DatabaseEngine) async throws {
        try await withStore(in: directory, on: engine) { store in
            let good = Self.line(store, 1, "web,icmp,1,success,{},office")
            let pieces: [(piece: ImportPiece, field: String)] = [
                (ImportPiece(columns: Self.columns, text: good + "a,\"b"), "text"),
                (ImportPiece(columns: Self.columns + ["id"], text: good), "columns"),
                (ImportPiece(columns: [], text: good), "columns"),
                (ImportPiece(columns: Self.columns.filter { $0 != "status" }, text: good), "columns"),
                (ImportPiece(columns: Self.columns, text: good, mapping: ["time": "timestamp"]), "mapping"),
                (ImportPiece(columns: Self.columns, text: good, mapping: ["timestamp": "time"]), "mapping"),
                (ImportPiece(columns: Self.columns, text: good, firstLine: 0), "first_line"),
                (ImportPiece(columns: (0..<300).map { "c\($0)" }, text: good), "columns"),
                (ImportPiece(columns: Self.columns, text: String(repeating: "x\n", count: 10_001)), "text"),
            ]
            for (piece, field) in pieces {
                let error = try await failure { try await store.client.call(.importMeasurements, piece) }
                #expect(error.code == .invalidParams)
                #expect(error.data?["field"] == .string(field), "\(error.message)")
            }
            #expect(try await Self.all(store).isEmpty)
        }
    }

    @Test(
        "takes fields from other columns, times in any unit, and ids of targets that are known",
        arguments: DatabaseEngine.allCases
    )
    func mapping(engine: DatabaseEngine) async throws {
        try await withStore(in: directory, on: engine) { store in
            let target = TargetID.make()
            let second = store.time.now.microseconds / 1_000_000 - 60
            let times = ["\(second)", "\((second + 1) * 1_000)", "\((second + 2) * 1_000_000)"]
            let text = times.map { "ok?,\($0),host a,icmp,success,3\n" }.joined()
            let piece = ImportPiece(
                columns: ["note", "when", "host", "type", "status", "rtt"],
                text: text,
                mapping: ["timestamp": "when", "target": "host", "latency_ms": "rtt"],
                targets: ["host a": target, "host b": .make()]
            )
            try await Self.check(piece, ImportReport(stored: 3), in: store)
            let rows = try await Self.all(store, target)
            #expect(rows.map { $0.timestamp.microseconds / 1_000_000 } == [second + 2, second + 1, second])
            #expect(rows.allSatisfy { $0.latencyMilliseconds == 3 && $0.target == "host a" && $0.origin == "import" })
        }
    }

    @Test(
        "puts rows back where rows of their names are, whatever interval they came at",
        arguments: DatabaseEngine.allCases
    )
    func existing(engine: DatabaseEngine) async throws {
        try await withStore(in: directory, on: engine) { store in
            var watch = Watch()
            watch.series[0].intervalMilliseconds = 1_000
            _ = try await store.client.call(
                .appendMeasurements,
                watch.batch(5, before: store.time.now.advanced(by: .seconds(-100)))
            )
            watch.series[0].intervalMilliseconds = 2_000
            _ = try await store.client.call(.appendMeasurements, watch.batch(5, before: store.time.now))
            let before = try await Self.all(store)
            let lines = before.map { "\($0.id),\($0.timestamp),\($0.target),icmp,1,success,{},agent-1\n" }
            let piece = ImportPiece(columns: Self.columns, text: lines.joined())
            try await Self.check(piece, ImportReport(duplicates: 10), in: store)
            let more = Self.line(store, 50, "target 0,icmp,1,success,{},agent-1")
            let filled = ImportPiece(columns: Self.columns, text: more)
            try await Self.check(filled, ImportReport(stored: 1), in: store)
            #expect(try await Self.all(store, watch.series[0].targetID).count == 11)
        }
    }

    @Test(
        "tells followers of its rows, one document a line, and waits like everyone when too much waits",
        arguments: DatabaseEngine.allCases
    )
    func normalWay(engine: DatabaseEngine) async throws {
        try await withStore(in: directory, on: engine) { store in
            let stream = try await store.client.follow(.followMeasurements, FollowRequest(cursor: 0))
            let text = Self.line(store, 1, "web,icmp,1,success,\"{ \"\"a\"\":\n1}\",office")
            let piece = ImportPiece(columns: Self.columns, text: text)
            try await Self.check(piece, ImportReport(stored: 1), in: store)
            let row = try #require(try await stream.next()?.batch.row(0))
            #expect(row.metadata == ["a": 1])
        }
        try await withStore(in: directory, on: engine, configure: { $0.ingest.queueRows = 1 }) { store in
            let text = Self.line(store, 1, "a,icmp,1,success,,b") + Self.line(store, 2, "a,icmp,1,success,,b")
            let piece = ImportPiece(columns: Self.columns, text: text)
            let error = try await failure { try await store.client.call(.importMeasurements, piece) }
            #expect(error.code == .busy)
            #expect(error.data?["retry_after_ms"] == 250)
        }
    }
}
