import Database
import Foundation

let clock = ContinuousClock()
let directory = FileManager.default.temporaryDirectory.path + "/bench-database-\(getpid())"
try FileManager.default.createDirectory(
    atPath: directory,
    withIntermediateDirectories: true,
    attributes: [.posixPermissions: 0o700]
)
defer { try? FileManager.default.removeItem(atPath: directory) }

func rowsPerSecond(_ count: Int, _ body: () async throws -> Void) async rethrows -> Double {
    let start = clock.now
    try await body()
    return Double(count) / ((clock.now - start) / .seconds(1))
}

/// Rows a second that `sqlite3 .import` brings into a bare table.
func importRate(_ rows: MeasurementRows) async throws -> Double {
    let file = "\(directory)/rows.csv"
    try rows.csv().write(toFile: file, atomically: false, encoding: .utf8)
    return try await rowsPerSecond(rows.count) {
        let shell = Process()
        shell.executableURL = URL(fileURLWithPath: "/usr/bin/sqlite3")
        shell.arguments = [
            "\(directory)/peer.sqlite",
            "CREATE TABLE measurement (id, timestamp, target, type, latency, status, metadata, origin)",
            ".import --csv \(file) measurement",
        ]
        try shell.run()
        shell.waitUntilExit()
        precondition(shell.terminationStatus == 0)
    }
}

/// Rows a second that `Database` makes durable in a keyed table, for senders that each wait for their batch.
func insertRate(
    _ rows: MeasurementRows,
    batch: Int,
    senders: Int,
    _ durability: SQLiteSettings.Durability
) async throws -> Double {
    let database = try await SQLiteDatabase.open(
        "\(directory)/ours-\(batch)-\(senders)-\(durability).sqlite",
        SQLiteSettings(durability: durability)
    )
    try await database.migrate(MeasurementRows.migrations)
    let rate = try await rowsPerSecond(rows.count) {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for sender in 0..<senders {
                group.addTask {
                    for start in stride(from: sender * batch, to: rows.count, by: senders * batch) {
                        try await insert(rows, start..<min(start + batch, rows.count), into: database)
                    }
                }
            }
            try await group.waitForAll()
        }
    }
    await database.close()
    return rate
}

func insert(_ rows: MeasurementRows, _ range: Range<Int>, into database: SQLiteDatabase) async throws {
    let inserted = try await database.write { connection in
        try connection.insert(into: MeasurementRows.table, rows: range.count, skippingDuplicates: true) {
            writer,
            index in
            rows.write(range.lowerBound + index, to: writer)
        }
    }
    precondition(inserted.count == range.count)
}

let rows = MeasurementRows(count: 500_000)
let peer = try await importRate(rows)
print("rows a second into SQLite, \(rows.count) rows of 200 series, against sqlite3 .import into a bare table")
var isShort = false
for durability in [SQLiteSettings.Durability.normal, .full] {
    for (batch, senders, goal) in [(1_000, 1, 0.2), (5_000, 1, 0.45), (1_000, 8, 0.4), (5_000, 4, 0.6)] {
        let ours = try await insertRate(rows, batch: batch, senders: senders, durability)
        let ratio = ours / peer
        let name = "insert \(batch) of \(senders) senders, \(durability)"
        let line = [name, "\(Int(ours))", "\(Int(peer))", String(format: "%.2f", ratio), "\(goal)"]
        print((line + [ratio >= goal ? "ok" : "SHORT"]).joined(separator: "  "))
        if ratio < goal { isShort = true }
    }
}
if isShort { exit(1) }
