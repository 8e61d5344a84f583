import CLinux
import Database
import Foundation
import ProbeAgentService

/// What appending cost.
struct Cost {
    var rowsPerSecond: Double
    var rowsPerCPUSecond: Double
}

let directory = FileManager.default.temporaryDirectory.path + "/bench-spool-\(getpid())"
try FileManager.default.createDirectory(
    atPath: directory,
    withIntermediateDirectories: true,
    attributes: [.posixPermissions: 0o700]
)

/// Appends `count` rows, so many at a time.
func append(_ count: Int, by step: Int, of rows: ProbeRows, to queue: any Queue) async throws -> Cost {
    let (start, cpu) = (ContinuousClock.now, clinux_process_cpu_nanoseconds())
    for first in stride(from: 0, to: count, by: step) {
        try await queue.append(first..<min(first + step, count), of: rows)
    }
    let seconds = (ContinuousClock.now - start) / .seconds(1)
    let cpuSeconds = Double(clinux_process_cpu_nanoseconds() - cpu) / 1e9
    return Cost(rowsPerSecond: Double(count) / seconds, rowsPerCPUSecond: Double(count) / cpuSeconds)
}

/// Bytes of memory that are this process's own.
func residentBytes() -> Int {
    let pages = (try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8))?.split(separator: " ")
    guard let pages, pages.count > 2, let all = Int(pages[1]), let shared = Int(pages[2]) else { return 0 }
    return (all - shared) * 4_096
}

var isShort = false
@MainActor func line(_ name: String, _ value: Double, peer: Double, atLeast limit: Double) {
    let ratio = value / peer
    let isEnough = ratio >= limit
    isShort = isShort || !isEnough
    print(name, Int(value), Int(peer), (ratio * 100).rounded() / 100, limit, isEnough ? "ok" : "SHORT", separator: "  ")
}

let rows = ProbeRows(300_000)
let spool = try await SpoolQueue("\(directory)/process", .process)
let ours = try await append(300_000, by: 100, of: rows, to: spool)
try await spool.close()
let sqlite = try await SQLiteQueue("\(directory)/normal.db", .normal)
let peer = try await append(300_000, by: 100, of: rows, to: sqlite)
try await sqlite.close()
print("rows kept, against rows inserted into a table of SQLite with a write-ahead log, 100 at a time")
line("rows a CPU second, process", ours.rowsPerCPUSecond, peer: peer.rowsPerCPUSecond, atLeast: 1.2)
line("rows a second, process", ours.rowsPerSecond, peer: peer.rowsPerSecond, atLeast: 1.2)

for (step, limit) in [(10, 1), (1_000, 0.7)] {
    let count = step * 200
    let spool = try await SpoolQueue("\(directory)/power-\(step)", .power)
    let ours = try await append(count, by: step, of: rows, to: spool)
    try await spool.close()
    let sqlite = try await SQLiteQueue("\(directory)/full-\(step).db", .full)
    let peer = try await append(count, by: step, of: rows, to: sqlite)
    try await sqlite.close()
    line("rows a second, power, \(step) at a time", ours.rowsPerSecond, peer: peer.rowsPerSecond, atLeast: limit)
}

/// Bytes of all files of a folder.
func bytes(of folder: String) throws -> Int {
    try FileManager.default.contentsOfDirectory(atPath: folder).reduce(0) { sum, name in
        let size = try FileManager.default.attributesOfItem(atPath: "\(folder)/\(name)")[.size]
        return sum + (size as? Int ?? 0)
    }
}

// A later process finds all of it, and sends it.
let size = try bytes(of: "\(directory)/process")
print("\(size / 300_000) bytes a row")
let before = residentBytes()
let later = try await SpoolQueue("\(directory)/process", .process)
let start = ContinuousClock.now
var most = before
let backlog = later.spool.waiting
let found = try await later.drain { most = max(most, residentBytes()) }
precondition(found == 300_000 && backlog == found, "every row is there")
print("\(Int(Double(found) / ((ContinuousClock.now - start) / .seconds(1)))) rows a second read and acknowledged")
line("bytes of backlog to bytes of memory", Double(size), peer: Double(max(most - before, 1 << 20)), atLeast: 4)
try FileManager.default.removeItem(atPath: directory)
exit(isShort ? 1 : 0)
