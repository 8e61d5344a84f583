import Contracts
import Foundation
import Glibc
import Observability
import ServiceTesting
import TestServers
import Testing

@testable import ProbeAgentService

@Suite("A disk that fails")
struct DiskFailureTests {
    private let sink = MemorySink()

    private var complaints: Int { sink.lines.count { $0.contains("cannot write the spool") } }

    /// Lets a spool whose folder cannot be used take rows and hand them over; `repair` then makes it usable.
    private func check(_ path: String, repair: () throws -> Void) async throws {
        let spool = try await openSpool(path, sink: sink)
        #expect(spool.metrics.snapshot.isFailing)
        for start in stride(from: 0, to: 100, by: 10) {
            await spool.append(start..<start + 10)
            try await spool.flush()
        }
        #expect(spool.metrics.kept.value == 0)
        #expect(spool.waiting == 100)
        #expect(await spool.sendAll() == Array(0..<100))
        #expect(spool.waiting == 0)
        #expect(complaints == 1)
        await spool.append(100..<110)
        try repair()
        try await spool.flush()
        #expect(spool.metrics.kept.value == 10)
        #expect(!spool.metrics.snapshot.isFailing)
        #expect(await spool.sendAll() == Array(100..<110))
        #expect(complaints == 1)
    }

    @Test("from the start leaves the agent with its memory, until it is well again")
    func noFolder() async throws {
        let directory = try TemporaryDirectory()
        let file = directory.path + "/file"
        try Data().write(to: URL(filePath: file))
        try await check(file + "/agent") { try FileManager.default.removeItem(atPath: file) }
    }

    @Test("by being read-only is the same", .enabled(if: SmallDisk.isAllowed))
    func readOnly() async throws {
        let directory = try TemporaryDirectory()
        let disk = try SmallDisk(bytes: 1 << 20, options: UInt(MS_RDONLY))
        // The agent sees a link, and later what that leads to instead.
        let link = directory.path + "/link"
        try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: disk.path)
        try await check(link + "/agent") {
            try FileManager.default.removeItem(atPath: link)
            try FileManager.default.createDirectory(atPath: link, withIntermediateDirectories: false)
        }
        withExtendedLifetime(disk) {}
    }

    @Test(
        "by being full loses nothing that was said to be kept, and counts the rest",
        .enabled(if: SmallDisk.isAllowed)
    )
    func full() async throws {
        let disk = try SmallDisk(bytes: 256 << 10)
        let settings = ["PROBE_AGENT_QUEUE_BYTES": "65536", "PROBE_AGENT_BATCH_ROWS": "200"]
        let spool = try await openSpool(disk.path, settings, sink: sink)
        let count = 3_000
        let metadata = String(repeating: "x", count: 200)
        for start in stride(from: 0, to: count, by: 100) {
            await spool.append(start..<start + 100, metadata: metadata)
            try await spool.flush()
        }
        #expect(spool.metrics.snapshot.isFailing)
        let kept = spool.metrics.kept.value
        #expect(kept > 500)
        let dropped = spool.metrics.dropped("spool_failed").value
        #expect(dropped > 0)
        #expect(spool.waiting == count - dropped)
        // What is acknowledged makes room, and the rest is written. Where that begins depends on how long it took.
        var numbers: [Int] = []
        var onDisk = 0
        while let batch = await spool.next() {
            numbers += Rows.numbers(batch.batch)
            onDisk += batch.rows == nil ? 0 : batch.batch.count
            await spool.settle(batch)
            try await spool.flush()
        }
        #expect(onDisk >= kept)
        #expect(Set(numbers).count == numbers.count)
        #expect(numbers.count == count - dropped)
        #expect(Set(0..<kept).isSubset(of: numbers))
        await spool.append(count..<count + 10)
        try await spool.flush()
        #expect(!spool.metrics.snapshot.isFailing)
        #expect(await spool.gaps.entries.reduce(0) { $0 + $1.rows } == dropped)
        withExtendedLifetime(disk) {}
    }

    @Test("until the agent ends is a gap of what was in memory, also of what was being sent")
    func failingAtEnd() async throws {
        let directory = try TemporaryDirectory()
        let file = directory.path + "/file"
        try Data().write(to: URL(filePath: file))
        let spool = try await openSpool(file + "/agent", sink: sink)
        await spool.append(0..<50)
        let batch = try #require(await spool.next())
        await spool.append(50..<60)
        await spool.restore(batch, unsent: batch.batch)
        #expect(spool.waiting == 60)
        await spool.close()
        #expect(spool.metrics.dropped("spool_failed").value == 60)
        #expect(spool.waiting == 0)
        let told = sink.lines.filter { $0.contains("the list of gaps cannot be written") }
        #expect(told.count == 1)
        #expect(told.allSatisfy { $0.contains("60") })
    }

    @Test("while the agent ends leaves what was kept", .enabled(if: SmallDisk.isAllowed))
    func fullAtEnd() async throws {
        let disk = try SmallDisk(bytes: 256 << 10)
        let spool = try await openSpool(disk.path, sink: sink)
        for start in stride(from: 0, to: 2_000, by: 100) {
            await spool.append(start..<start + 100, metadata: String(repeating: "x", count: 200))
            try await spool.flush()
        }
        let kept = spool.metrics.kept.value
        await spool.close()
        #expect(spool.waiting == 2_000 - spool.metrics.dropped("spool_failed").value)
        #expect(spool.metrics.dropped("spool_failed").value == 2_000 - kept)
        let again = try await openSpool(disk.path, sink: sink)
        #expect(await again.sendAll() == Array(0..<kept))
        await again.append(9_000..<9_010)
        try await again.flush()
        #expect(await again.sendAll() == Array(9_000..<9_010))
        withExtendedLifetime(disk) {}
    }
}
