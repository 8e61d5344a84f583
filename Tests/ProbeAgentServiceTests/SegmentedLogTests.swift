import Contracts
import EventLoop
import Foundation
import ServiceTesting
import TestServers
import Testing

@testable import ProbeAgentService

@Suite("SegmentedLog")
struct SegmentedLogTests {
    let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    private func open(bytes: Int = 1 << 20) async throws -> SegmentedLog {
        let folder = try await reopening { try AgentFolder(directory.path, isDurable: false) }
        return try SegmentedLog(in: folder, SegmentedLog.Limits(bytes: bytes)) { Rows.time(0) }
    }

    /// Reads everything that is not acknowledged, in order, and acknowledges nothing.
    private func readAll(_ log: SegmentedLog, maximumRows: Int = 1_000) throws -> (numbers: [Int], lost: Int) {
        var (numbers, lost, position) = ([Int](), 0, 0)
        while position < log.head {
            let reading = try log.read(position..<log.head, by: .backlog, maximumRows: maximumRows)
            numbers += Rows.numbers(reading.batch)
            lost += reading.lost.reduce(0) { $0 + $1.rows }
            try #require(reading.rows.lowerBound == position && reading.rows.upperBound > position)
            position = reading.rows.upperBound
        }
        return (numbers, lost)
    }

    private var files: [String] {
        ((try? FileManager.default.contentsOfDirectory(atPath: directory.path)) ?? [])
            .filter { $0.hasSuffix(SegmentName.suffix) }.sorted()
    }

    @Test("hands out what was written, in order, in this process and in the next")
    func order() async throws {
        var log: SegmentedLog? = try await open()
        for start in stride(from: 0, to: 500, by: 50) {
            #expect(try log?.append([Rows.batch(start..<start + 20), Rows.batch(start + 20..<start + 50)]) == true)
        }
        #expect(try readAll(#require(log), maximumRows: 64).numbers == Array(0..<500))
        log = nil
        let again = try await open()
        #expect(again.head == 500)
        #expect(try again.append([Rows.batch(500..<510)]))
        #expect(try readAll(again).numbers == Array(0..<510))
        #expect(files.count == 2)
    }

    @Test("hands out what is not acknowledged, and removes segments that nobody needs")
    func acknowledge() async throws {
        var log: SegmentedLog? = try await open()
        for start in stride(from: 0, to: 6_000, by: 50) { _ = try log?.append([Rows.batch(start..<start + 50)]) }
        let count = files.count
        #expect(count > 3)
        try log?.acknowledge(0..<2_000)
        try log?.acknowledge(3_000..<3_100)
        #expect(log?.waiting == 3_900)
        #expect(files.count < count)
        log = nil
        let again = try await open()
        #expect(again.waiting == 3_900)
        #expect(try readAll(again).numbers == Array(2_000..<3_000) + Array(3_100..<6_000))
        try again.acknowledge(0..<6_000)
        #expect(files == [])
        #expect(again.bytes == 0)
    }

    @Test("gives no number twice when its segments are gone")
    func numbers() async throws {
        var log: SegmentedLog? = try await open()
        _ = try log?.append([Rows.batch(0..<100)])
        try log?.acknowledge(0..<100)
        log = nil
        let again = try await open()
        #expect(files == [])
        #expect(again.head == 100)
        _ = try again.append([Rows.batch(100..<110)])
        #expect(try readAll(again).numbers == Array(100..<110))
    }

    @Test("sends again what was acknowledged when the word of that is lost")
    func acknowledgementLost() async throws {
        var log: SegmentedLog? = try await open()
        _ = try log?.append([Rows.batch(0..<100)])
        try log?.acknowledge(0..<50)
        log = nil
        try FileManager.default.removeItem(atPath: "\(directory.path)/acknowledged")
        #expect(try await readAll(open()).numbers == Array(0..<100))
    }

    @Test("survives a torn half of the acknowledged rows")
    func tornAcknowledgement() async throws {
        var log: SegmentedLog? = try await open()
        _ = try log?.append([Rows.batch(0..<50), Rows.batch(50..<100)])
        try log?.acknowledge(0..<50)
        try log?.acknowledge(50..<60)
        log = nil
        let path = "\(directory.path)/acknowledged"
        let whole = try Data(contentsOf: URL(filePath: path))
        for half in [0, 4_096] {
            var torn = whole
            torn[half + 20] ^= 1
            try torn.write(to: URL(filePath: path))
            let waiting = try await open().waiting
            #expect([40, 50].contains(waiting))
        }
    }

    @Test("has no room beyond its bytes, and gets some by letting the oldest segment go")
    func full() async throws {
        let log = try await open()
        var next = 0
        while try log.append([Rows.batch(next..<next + 64)]) { next += 64 }
        #expect(log.bytes <= 1 << 20)
        #expect(log.bytes > (1 << 20) * 9 / 10)
        let oldest = try #require(log.oldest(without: []))
        #expect(oldest.name.first == 0)
        let lost = try #require(log.contents(of: oldest))
        #expect(lost.rows == oldest.rows.count)
        #expect(lost.from == Rows.time(0))
        #expect(lost.to == Rows.time(oldest.end - 1))
        let other = try #require(log.oldest(without: [10..<20]))
        #expect(other.name.first == oldest.end)
        try log.acknowledge(oldest.rows)
        #expect(try log.append([Rows.batch(next..<next + 64)]))
        #expect(try readAll(log).numbers == Array(oldest.end..<next + 64))
        let onDisk = try files.reduce(0) { sum, name in
            let attributes = try FileManager.default.attributesOfItem(atPath: "\(directory.path)/\(name)")
            return sum + (attributes[.size] as? Int ?? 0)
        }
        #expect(onDisk <= 1 << 20)
    }

    @Test("leaves it to its reader to acknowledge what cannot be read, once that is reported")
    func missing() async throws {
        let log = try await open()
        for start in [0, 10, 20] { _ = try log.append([Rows.batch(start..<start + 10)]) }
        let url = URL(filePath: directory.path).appending(path: try #require(files.first))
        var bytes = try Data(contentsOf: url)
        bytes[bytes.count / 2] ^= 1
        try bytes.write(to: url)
        let reading = try log.read(0..<30, by: .live, maximumRows: 100)
        #expect(reading.lost.map(\.rows) == [10])
        #expect(log.waiting == 30)
        #expect(try readAll(log).lost == 10)
    }

    @Test("leaves no file behind on a disk that is full, however often it tries", .enabled(if: SmallDisk.isAllowed))
    func fullDisk() async throws {
        let disk = try SmallDisk(bytes: 64 << 10)
        try Data(count: 64 << 10).write(to: URL(filePath: "\(disk.path)/other"))
        let folder = try await reopening { try AgentFolder(disk.path, isDurable: false) }
        let log = try SegmentedLog(in: folder, SegmentedLog.Limits(bytes: 1 << 20)) { Rows.time(0) }
        for _ in 0..<5 {
            #expect(throws: SystemError.self) { try log.append([Rows.batch(0..<10)]) }
            #expect(log.bytes == 0)
            #expect(try folder.names().count { $0.hasSuffix(SegmentName.suffix) } == 0)
        }
        try folder.remove("other")
        #expect(try log.append([Rows.batch(0..<10)]))
        #expect(try readAll(log).numbers == Array(0..<10))
        withExtendedLifetime(disk) {}
    }

    @Test("keeps what is written when an empty segment of the same row seems to be younger")
    func sameFirstRow() async throws {
        var log: SegmentedLog? = try await open()
        _ = try log?.append([Rows.batch(0..<10)])
        log = nil
        let written = try #require(files.first)
        let twin = SegmentName(first: 0, createdAt: Rows.time(1), marker: 1).text
        try Data().write(to: URL(filePath: "\(directory.path)/\(twin)"))
        let again = try await open()
        #expect(files == [written])
        #expect(try readAll(again).numbers == Array(0..<10))
    }

    @Test("removes the segments behind one that cannot be removed")
    func stuck() async throws {
        let log = try await open()
        for start in stride(from: 0, to: 6_000, by: 50) { _ = try log.append([Rows.batch(start..<start + 50)]) }
        log.finish(try #require(log.segments.last))
        try #require(files.count > 2)
        let stuck = try #require(files.first)
        let path = "\(directory.path)/\(stuck)"
        try FileManager.default.removeItem(atPath: path)
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
        #expect(throws: SystemError.self) { try log.acknowledge(0..<6_000) }
        #expect(files == [stuck])
        try FileManager.default.removeItem(atPath: path)
        try log.acknowledge(0..<6_000)
        #expect(files == [])
    }

    @Test("refuses a folder that another process has, and says what to do")
    func inUse() async throws {
        let first = try await open()
        let error = #expect(throws: SpoolInUse.self) { _ = try AgentFolder(directory.path, isDurable: false) }
        #expect("\(try #require(error))".contains("PROBE_AGENT_DATA"))
        withExtendedLifetime(first) {}
    }
}
