import Database
import Foundation

let directory = FileManager.default.temporaryDirectory.path + "/bench-ingest-\(getpid())"
try FileManager.default.createDirectory(
    atPath: directory,
    withIntermediateDirectories: true,
    attributes: [.posixPermissions: 0o700]
)

/// Seconds that `sqlite3 .import` needs to bring the rows into a bare table of the same columns.
func importSeconds(_ rows: MeasurementRows) throws -> Double {
    let file = "\(directory)/rows.csv"
    try rows.csv().write(toFile: file, atomically: false, encoding: .utf8)
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

let count = CommandLine.arguments.dropFirst().first.flatMap { Int($0) } ?? 1_000_000
let rows = MeasurementRows(count: count, batch: 5_000)
let peer = Double(count) / (try importSeconds(rows))
print("rows a second, agent to durable through mutual TLS, against sqlite3 .import into a bare table")
print("name value peer ratio at-least")
var isShort = false
for (durability, least) in [(SQLiteSettings.Durability.full, 0.6), (.normal, 0.6)] {
    let folder = "\(directory)/\(durability.rawValue)"
    try FileManager.default.createDirectory(
        atPath: folder,
        withIntermediateDirectories: true,
        attributes: [.posixPermissions: 0o700]
    )
    let store = StoreUnderTest(directory: folder, durability: durability)
    let value = Double(count) / (try await store.seconds(sending: rows.batches, inFlight: 4))
    let ratio = value / peer
    let verdict = ratio >= least ? "ok" : "SHORT"
    isShort = isShort || ratio < least
    print(
        "ingest-\(durability.rawValue) \(Int(value)) \(Int(peer)) \(String(format: "%.2f", ratio)) \(least) \(verdict)"
    )
}
try FileManager.default.removeItem(atPath: directory)
if isShort { exit(1) }
