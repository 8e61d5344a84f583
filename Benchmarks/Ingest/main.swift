import Database
import Foundation
import StoreBench
import TestServers

let directory = FileManager.default.temporaryDirectory.path + "/bench-ingest-\(getpid())"
try FileManager.default.createDirectory(
    atPath: directory,
    withIntermediateDirectories: true,
    // psql runs as another user, and reads the rows.
    attributes: [.posixPermissions: 0o755]
)

/// Seconds that `sqlite3 .import` needs to bring the rows into a bare table of the same columns.
func importSeconds(_ rows: MeasurementRows) throws -> Double {
    let file = "\(directory)/rows.csv"
    try rows.csv().write(toFile: file, atomically: false, encoding: .utf8)
    try? FileManager.default.removeItem(atPath: "\(directory)/peer.db")
    let clock = ContinuousClock()
    let start = clock.now
    let shell = Process()
    shell.executableURL = URL(fileURLWithPath: "/usr/bin/sqlite3")
    shell.arguments = [
        "\(directory)/peer.db",
        "PRAGMA journal_mode = wal",
        """
        CREATE TABLE measurement (series INTEGER, timestamp INTEGER, id BLOB, latency REAL, status INTEGER,
            reason INTEGER, metadata TEXT)
        """,
        ".import --csv \(file) measurement",
    ]
    shell.standardOutput = FileHandle.nullDevice
    try shell.run()
    shell.waitUntilExit()
    precondition(shell.terminationStatus == 0, "sqlite3 is installed")
    return (clock.now - start) / .seconds(1)
}

/// What it takes from the first batch of the agent to the receipt of the last, and until all is rolled up.
func ingestCost(_ rows: MeasurementRows, _ durability: SQLiteSettings.Durability) async throws -> Cost {
    let folder = "\(directory)/store"
    try FileManager.default.createDirectory(
        atPath: folder,
        withIntermediateDirectories: true,
        attributes: [.posixPermissions: 0o700]
    )
    defer { try? FileManager.default.removeItem(atPath: folder) }
    var store = StoreUnderTest(directory: folder, location: .sqlite(path: "\(folder)/store.db"))
    store.durability = durability
    return try await store.run { try await $0.cost(sending: rows.batches, inFlight: 4) }
}

/// Seconds that `psql \\copy` needs to bring the rows into a table of the same columns and key.
func copySeconds(_ rows: MeasurementRows, _ server: PostgresServer) throws -> Double {
    let name = try server.makeDatabase()
    try server.execute(
        """
        CREATE TABLE measurement (series BIGINT, timestamp BIGINT, id UUID, latency DOUBLE PRECISION, status SMALLINT,
            reason SMALLINT, metadata TEXT, PRIMARY KEY (series, timestamp, id))
        """,
        in: name
    )
    let start = ContinuousClock.now
    try server.execute("\\copy measurement FROM '\(directory)/rows.csv' (FORMAT csv)", in: name)
    let seconds = (ContinuousClock.now - start) / .seconds(1)
    try server.execute("DROP DATABASE \(name)")
    return seconds
}

/// The same into a store on PostgreSQL, to the receipt of the last batch and with all roll-ups.
func ingestSeconds(_ rows: MeasurementRows, _ server: PostgresServer) async throws -> Double {
    let name = try server.makeDatabase()
    let location = try DatabaseLocation(server.url(name))
    let store = StoreUnderTest(directory: directory, location: location)
    let cost = try await store.run { try await $0.cost(sending: rows.batches, inFlight: 4) }
    try server.execute("DROP DATABASE \(name)")
    return cost.seconds
}

let count = CommandLine.arguments.dropFirst().first.flatMap { Int($0) } ?? 1_000_000
let rows = MeasurementRows(count: count, batch: 5_000)
let server = try PostgresServer(settings: ["fsync=on", "shared_buffers=128MB", "max_wal_size=4GB"])
// The best of three rounds each, in turn, so that whatever else the machine does meets both.
var (peer, copy, postgres) = (Double.infinity, Double.infinity, Double.infinity)
var ours = [SQLiteSettings.Durability.full: Double.infinity, .normal: .infinity]
var (own, victoria) = (Double.infinity, Double.infinity)
try rows.numbersCSV().write(toFile: "\(directory)/numbers.csv", atomically: false, encoding: .utf8)
for _ in 0..<3 {
    peer = min(peer, try importSeconds(rows))
    for (durability, best) in ours {
        let cost = try await ingestCost(rows, durability)
        ours[durability] = min(best, cost.seconds)
        own = min(own, cost.storeCPUSeconds)
    }
    victoria = min(
        victoria,
        try VictoriaMetrics(directory: directory).cpuSeconds(importing: "\(directory)/numbers.csv")
    )
    copy = min(copy, try copySeconds(rows, server))
    postgres = min(postgres, try await ingestSeconds(rows, server))
}
server.stop()
try FileManager.default.removeItem(atPath: directory)

print(
    "rows a second, agent to durable with roll-ups through mutual TLS; SQLite against sqlite3 .import into a bare table,"
)
print("PostgreSQL against psql \\copy into a table with the same key")
print("rows a CPU second of the store, against VictoriaMetrics taking their numbers from CSV")
print("name value peer ratio at-least")
var isShort = false
var lines = ours.sorted { $0.key.rawValue < $1.key.rawValue }.map { ("ingest-\($0.key.rawValue)", $0.value, peer, 1.0) }
lines.append(("ingest-postgres", postgres, copy, 0.7))
lines.append(("rows-a-cpu-second-victoria", own, victoria, 1.0))
for (name, seconds, peer, least) in lines {
    let ratio = peer / seconds
    isShort = isShort || ratio < least
    let (value, peerValue) = (Int(Double(count) / seconds), Int(Double(count) / peer))
    let line = [name, "\(value)", "\(peerValue)", String(format: "%.2f", ratio), "\(least)"]
    print((line + [ratio >= least ? "ok" : "SHORT"]).joined(separator: " "))
}
if isShort { exit(1) }
