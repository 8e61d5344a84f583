import Contracts
import Database
import Foundation
import JSONRPC
import StoreBench

let directory = FileManager.default.temporaryDirectory.path + "/bench-store-\(getpid())"
try FileManager.default.createDirectory(
    atPath: directory,
    withIntermediateDirectories: true,
    attributes: [.posixPermissions: 0o700]
)

/// Milliseconds that 95 in 100 of some runs take at the most.
func p95(_ runs: Int, _ body: (Int) async throws -> Void) async throws -> Double {
    var times: [Double] = []
    for run in 0..<runs {
        let start = ContinuousClock.now
        try await body(run)
        times.append((ContinuousClock.now - start) / .milliseconds(1))
    }
    return times.sorted()[min(runs - 1, runs * 95 / 100)]
}

/// Bytes of a database's pages that hold something.
func usedBytes(_ database: any Database) async throws -> Int {
    try await database.read { connection in
        let pages: Int = try connection.value("PRAGMA page_count") ?? 0
        let free: Int = try connection.value("PRAGMA freelist_count") ?? 0
        return (pages - free) * (try connection.value("PRAGMA page_size") ?? 0)
    }
}

struct Line {
    var name: String
    var value: Double
    var peer: Double
    /// What `value` may be at the most.
    var limit: Double
    /// How often `value` is to go into `peer`.
    var least = 5.0
}

// Made once, as the gateway makes them.
let (timelines, heatmaps) = (RPCMethod.measurementTimeline.descriptor, RPCMethod.measurementHeatmap.descriptor)
let (matrices, hops) = (RPCMethod.measurementMatrix.descriptor, RPCMethod.measurementHops.descriptor)

let count = CommandLine.arguments.dropFirst().first.flatMap { Int($0) } ?? 10_000_000
let hour: Int64 = 3_600_000_000
// The end of a day, so that a span of days is one of whole days.
let end = Timestamp(microseconds: Timestamp.now.microseconds / (24 * hour) * (24 * hour))
let rows = MonthOfRows(count: count, end: end)
let traces = HourOfTraces(end: end)

var store = StoreUnderTest(directory: directory, location: .sqlite(path: "\(directory)/store.db"))
store.now = { end }

let loadSeconds = try await store.run { running in
    let start = ContinuousClock.now
    try await withThrowingTaskGroup(of: Void.self) { group in
        for sender in 0..<4 {
            group.addTask {
                for first in stride(from: sender * 5_000, to: rows.count, by: 20_000) {
                    _ = try await running.send(rows.batch(first..<min(first + 5_000, rows.count)))
                }
            }
        }
        try await group.waitForAll()
    }
    _ = try await running.send(traces.batch)
    _ = try await running.cost(sending: [], inFlight: 1)
    return (ContinuousClock.now - start) / .seconds(1)
}
print("loaded \(count) rows of \(MonthOfRows.targets) targets over \(MonthOfRows.days) days in \(Int(loadSeconds)) s")

// A day later the log no longer has the rows: they are in chunks alone.
store.now = { end.advanced(by: .seconds(26 * 3_600)) }
try await store.run { _ in try await Task.sleep(for: .seconds(5)) }
let own = try await SQLiteDatabase.open("\(directory)/store.db", SQLiteSettings(durability: .normal))
let ownBytes = try await usedBytes(own)
await own.close()
let plain = try await PlainTable.open("\(directory)/plain.db", rows)
let plainBytes = try await usedBytes(plain.database)
try await traces.insert(into: plain.database)

store.now = { end }
let lines = try await store.run { running -> [Line] in
    let (minute, half) = (hour / 60, hour / 2)
    func target(_ run: Int) -> MeasurementSeries { rows.series[run * 37 % MonthOfRows.targets] }
    func timeline(_ run: Int, from: Int64, points: Int) async throws {
        let to = end.microseconds - Int64(run) * 7 * minute
        let filter = TimelineFilter(
            targetID: target(run).targetID,
            from: Timestamp(microseconds: to - from),
            to: Timestamp(microseconds: to),
            points: points
        )
        let answer = try await running.answer(timelines, to: filter)
        precondition(answer.count > 10 * points, "there are rows")
    }
    func plainSeries(_ run: Int, from: Int64, step: Int64) async throws {
        let to = end.microseconds - Int64(run) * 7 * minute
        let count = try await plain.series(target(run).target, from: to - from, to: to, step: step)
        precondition(count > 0, "there are rows")
    }
    let day = 24 * hour
    let since = Timestamp(microseconds: end.microseconds - day)
    return [
        Line(
            name: "1-h-series",
            value: try await p95(200) { try await timeline($0, from: hour, points: 60) },
            peer: try await p95(200) { try await plainSeries($0, from: hour, step: minute) },
            limit: 5
        ),
        Line(
            name: "24-h-heatmap-of-one-target",
            value: try await p95(100) { run in
                let filter = HeatmapFilter(targetID: target(run).targetID, from: since, to: end, points: 48)
                let answer = try await running.answer(heatmaps, to: filter)
                precondition(answer.count > 48 * 60, "there are rows in all steps")
            },
            peer: try await p95(100) { run in
                let cells = try await plain.heatmap(
                    target(run).target,
                    from: since.microseconds,
                    to: end.microseconds,
                    step: half
                )
                precondition(cells > 48, "there are rows in several ranges")
            },
            limit: 50
        ),
        Line(
            name: "24-h-matrix-of-all-targets",
            value: try await p95(20) { _ in
                let filter = MatrixFilter(from: since, to: end, points: 24)
                let answer = try await running.answer(matrices, to: filter)
                precondition(answer.count > 100 * MonthOfRows.targets, "there are all targets")
            },
            peer: try await p95(3) { _ in
                _ = try await plain.matrix(from: since.microseconds, to: end.microseconds, step: hour)
            },
            limit: 50
        ),
        Line(
            name: "30-d-series",
            value: try await p95(100) { try await timeline($0, from: 30 * day - 15 * hour, points: 300) },
            peer: try await p95(100) { try await plainSeries($0, from: 30 * day - 15 * hour, step: 3 * hour) },
            limit: 20
        ),
        Line(
            name: "1-h-hops",
            value: try await p95(50) { _ in
                let filter = HopFilter(targetID: traces.series.targetID)
                let answer = try await running.answer(hops, to: filter)
                precondition(answer.count > 60 * HourOfTraces.hops, "there are all hops")
            },
            peer: try await p95(50) { _ in
                let lines = try await traces.plain(plain.database, step: minute)
                precondition(lines == 60 * HourOfTraces.hops, "there are all hops")
            },
            limit: 100,
            // Asked for in milliseconds alone: texts are read, which were rows of a table there.
            least: 0
        ),
    ]
}
await plain.database.close()
try FileManager.default.removeItem(atPath: directory)

/// Prints a line; returns whether it is as it should be.
func report(_ line: Line) -> Bool {
    let least = line.least
    let ratio = line.peer / line.value
    let isOK = ratio >= least && line.value <= line.limit
    let texts = [line.value, line.peer, ratio, least].map { String(format: "%.2f", $0) }
    print(([line.name] + texts + [isOK ? "ok" : "SHORT"]).joined(separator: " "))
    return isOK
}

print("milliseconds at the 95th percentile against plain SQL over the rows, and bytes a row")
print("name value peer ratio at-least")
let size = Line(
    name: "bytes-a-row",
    value: Double(ownBytes) / Double(count),
    peer: Double(plainBytes) / Double(count),
    limit: .infinity,
    least: 1 / 0.6
)
// All of them are to be printed.
if (lines + [size]).map(report).contains(false) { exit(1) }
