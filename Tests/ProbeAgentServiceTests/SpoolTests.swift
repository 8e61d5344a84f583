import Contracts
import Foundation
import Observability
import ServiceTesting
import Testing

@testable import ProbeAgentService

@Suite("Spool")
struct SpoolTests {
    let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    @Test(
        "hands out what was kept before the process ended, but for what was acknowledged",
        arguments: SpoolSettings.Durability.allCases
    )
    func restart(durability: SpoolSettings.Durability) async throws {
        let settings = ["PROBE_AGENT_DURABILITY": durability.rawValue, "PROBE_AGENT_BATCH_ROWS": "40"]
        let first = try await openSpool(directory.path, settings)
        await first.append(0..<100)
        try await first.flush()
        #expect(first.waiting == 100)
        #expect(first.metrics.kept.value == 100)
        let batch = try #require(await first.next())
        await first.settle(batch)
        let settled = Set(Rows.numbers(batch.batch))
        _ = await first.next()
        await first.close()
        let again = try await openSpool(directory.path, settings)
        let numbers = await again.sendAll()
        #expect(numbers.count == 100 - settled.count)
        #expect(Set(numbers) == Set(0..<100).subtracting(settled))
        #expect(again.waiting == 0)
    }

    @Test("counts what it had to let go, dates it, and loses nothing else")
    func full() async throws {
        let spool = try await openSpool(directory.path, ["PROBE_AGENT_SPOOL_BYTES": "\(1 << 20)"])
        let count = 12_000
        // A batch that is on its way is not let go.
        await spool.append(0..<100, metadata: String(repeating: "x", count: 100))
        try await spool.flush()
        let underWay = try #require(await spool.next())
        for start in stride(from: 100, to: count, by: 100) {
            await spool.append(start..<start + 100, metadata: String(repeating: "x", count: 100))
            try await spool.flush()
        }
        await spool.settle(underWay)
        let numbers = await spool.sendAll() + Rows.numbers(underWay.batch)
        let missing = Set(0..<count).subtracting(numbers)
        #expect(Set(numbers).count == numbers.count)
        #expect(missing.count > 1_000)
        #expect(spool.metrics.dropped("spool_full").value == missing.count)
        let gaps = await spool.gaps.entries
        #expect(gaps.reduce(0) { $0 + $1.rows } == missing.count)
        #expect(gaps.allSatisfy { $0.cause == .spoolFull })
        #expect(gaps.map(\.from).min() == missing.min().map(Rows.time))
        #expect(gaps.map(\.to).max() == missing.max().map(Rows.time))
    }

    @Test("says what is gone when there is no room at the end")
    func fullAtEnd() async throws {
        let settings = ["PROBE_AGENT_SPOOL_BYTES": "\(1 << 20)", "PROBE_AGENT_SPOOL_WAIT": "60s"]
        let spool = try await openSpool(directory.path, settings)
        let count = 8_000
        await spool.append(0..<count, metadata: String(repeating: "x", count: 200))
        await spool.close()
        let again = try await openSpool(directory.path, settings)
        let kept = await again.sendAll()
        #expect(kept.count < count)
        let gap = try await again.nextGap()
        #expect((gap.rows, gap.cause) == (count - kept.count, .spoolFull))
        #expect((gap.from, gap.to) == (Rows.time(kept.count), Rows.time(count - 1)))
    }

    @Test("remembers its gaps until the store knows them")
    func gaps() async throws {
        let spool = try await openSpool(directory.path)
        await spool.lose(LostRows(rows: 3, from: Rows.time(1), to: Rows.time(2)), .spoolFull)
        let entry = try await spool.nextGap()
        await spool.close()
        let again = try await openSpool(directory.path)
        let known = try await again.nextGap()
        #expect(known == entry)
        await again.settle(entry)
        await again.close()
        let rest = try await openSpool(directory.path).gaps.entries
        #expect(rest.isEmpty)
    }

    @Test(
        "says what is gone with a damaged segment, also when it cannot be noted that nobody needs it any longer",
        arguments: [true, false]
    )
    func corrupt(isNoted: Bool) async throws {
        let spool = try await openSpool(directory.path)
        for start in [0, 30, 60] {
            await spool.append(start..<start + 30)
            try await spool.flush()
        }
        await spool.close()
        let name = try segmentName()
        let url = URL(filePath: directory.path).appending(path: name)
        var bytes = try Data(contentsOf: url)
        bytes[bytes.count / 2] ^= 1
        try bytes.write(to: url)
        if !isNoted {
            let note = "\(directory.path)/acknowledged"
            try FileManager.default.removeItem(atPath: note)
            try FileManager.default.createSymbolicLink(atPath: note, withDestinationPath: "/dev/full")
        }
        let again = try await openSpool(directory.path)
        let numbers = await again.sendAll()
        #expect(numbers == Array(0..<30) + Array(60..<90))
        let gap = try await again.nextGap()
        #expect(gap.rows == 30)
        #expect(gap.cause == .corrupt)
        #expect((gap.from, gap.to) == (Rows.time(29), Rows.time(60)))
    }

    @Test("says what is gone with a segment that somebody removed, and goes on")
    func removed() async throws {
        let spool = try await openSpool(directory.path)
        await spool.append(0..<30)
        try await spool.flush()
        let name = try segmentName()
        await spool.close()
        let again = try await openSpool(directory.path)
        try FileManager.default.removeItem(atPath: "\(directory.path)/\(name)")
        await again.append(30..<40)
        try await again.flush()
        let numbers = await again.sendAll()
        #expect(numbers == Array(30..<40))
        #expect(again.waiting == 0)
        let gap = try await again.nextGap()
        #expect((gap.rows, gap.cause) == (30, .corrupt))
    }

    @Test(
        "says what is gone with the segment that it writes to, removed or unreadable, and goes on in another",
        arguments: [false, true]
    )
    func removedWhileWritten(isDirectory: Bool) async throws {
        let spool = try await openSpool(directory.path)
        // What was written last would come from memory.
        for rows in [0..<20, 20..<30] {
            await spool.append(rows)
            try await spool.flush()
        }
        let file = "\(directory.path)/\(try segmentName())"
        try FileManager.default.removeItem(atPath: file)
        if isDirectory { try FileManager.default.createDirectory(atPath: file, withIntermediateDirectories: false) }
        #expect(await spool.sendAll() == [])
        #expect(spool.waiting == 0)
        let gap = try await spool.nextGap()
        #expect((gap.rows, gap.cause) == (30, .corrupt))
        await spool.append(30..<40)
        try await spool.flush()
        #expect(await spool.sendAll() == Array(30..<40))
        #expect(spool.waiting == 0)
    }

    @Test("hands on what it has just written without the disk, once")
    func fresh() async throws {
        let spool = try await openSpool(directory.path)
        await spool.append(0..<30)
        try await spool.flush()
        try FileManager.default.removeItem(atPath: "\(directory.path)/\(try segmentName())")
        #expect(await spool.sendAll() == Array(0..<30))
        #expect(await spool.sendAll() == [])
        #expect(spool.waiting == 0)
    }

    @Test("hands on what came before the newest first, from the disk")
    func behind() async throws {
        let spool = try await openSpool(directory.path)
        for rows in [0..<20, 20..<30] {
            await spool.append(rows)
            try await spool.flush()
        }
        #expect(await spool.sendAll() == Array(0..<30))
        #expect(await spool.sendAll() == [])
    }

    private func segmentName() throws -> String {
        try #require(
            FileManager.default.contentsOfDirectory(atPath: directory.path).first {
                $0.hasSuffix(SegmentName.suffix)
            }
        )
    }
}
