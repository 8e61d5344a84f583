import Contracts
import Foundation
import ServiceTesting
import Testing

@testable import ProbeAgentService

/// Promise: a torn or corrupt record costs itself alone, and what it costs is known.
@Suite("Damage to a segment")
struct SegmentDamageTests {
    /// In records of these lengths.
    private static let records = [0..<2, 2..<3, 3..<6, 6..<7]
    private static let rows = 0..<7

    let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    /// A segment with these records, the bytes at which each begins, and where it lies.
    private func segment() async throws -> (url: URL, bytes: Data, starts: [Int]) {
        let folder = try await reopening { try AgentFolder(directory.path, isDurable: false) }
        let log = try SegmentedLog(in: folder, SegmentedLog.Limits(bytes: 1 << 20)) { Rows.time(0) }
        var starts: [Int] = []
        for rows in Self.records {
            starts.append(log.segments.last?.fileBytes ?? 0)
            _ = try log.append([Rows.batch(rows, metadata: #"{"a":1}"#)])
        }
        let name = try #require(log.segments.first?.name.text)
        let url = URL(filePath: directory.path).appending(path: name)
        return (url, try Data(contentsOf: url), starts)
    }

    /// What an agent that starts now hands out, and what it says is lost.
    private func recovered(_ url: URL) async throws -> (numbers: [Int], lost: Int) {
        for name in try FileManager.default.contentsOfDirectory(atPath: directory.path)
        where name != url.lastPathComponent {
            try FileManager.default.removeItem(atPath: "\(directory.path)/\(name)")
        }
        let folder = try await reopening { try AgentFolder(directory.path, isDurable: false) }
        let log = try SegmentedLog(in: folder, SegmentedLog.Limits(bytes: 1 << 20)) { Rows.time(0) }
        // What comes afterwards goes into the next segment, and is found too.
        _ = try log.append([Rows.batch(1_000..<1_005)])
        var (numbers, lost, position) = ([Int](), 0, 0)
        while position < log.head {
            let reading = try log.read(position..<log.head, by: .live, maximumRows: 1_000)
            numbers += Rows.numbers(reading.batch)
            lost += reading.lost.reduce(0) { $0 + $1.rows }
            try #require(reading.rows.upperBound > position)
            position = reading.rows.upperBound
        }
        #expect(numbers.suffix(5) == Array(1_000..<1_005)[...])
        return (Array(numbers.dropLast(5)), lost)
    }

    @Test("by one flipped bit, at every byte, costs the record it lies in")
    func flips() async throws {
        let (url, bytes, starts) = try await segment()
        for offset in bytes.indices {
            var damaged = bytes
            damaged[offset] ^= 1 << (offset % 8)
            try damaged.write(to: url)
            let (numbers, lost) = try await recovered(url)
            let record = try #require(starts.lastIndex { $0 <= offset })
            let rows = Self.records[record]
            try #require(numbers == Self.rows.filter { !rows.contains($0) }, "byte \(offset)")
            // The last record is not known to have been there at all: it may as well never have been finished.
            try #require(lost == (record == Self.records.count - 1 ? 0 : rows.count), "byte \(offset)")
        }
    }

    @Test("by its end torn off, at every byte, costs what was not whole")
    func truncations() async throws {
        let (url, bytes, starts) = try await segment()
        for length in bytes.indices {
            try bytes.prefix(length).write(to: url)
            let (numbers, _) = try await recovered(url)
            let whole = (starts + [bytes.count]).lastIndex { $0 <= length } ?? 0
            try #require(numbers == Array(0..<(whole == 0 ? 0 : Self.records[whole - 1].upperBound)), "\(length) bytes")
        }
    }

    @Test(
        "by bytes that are put in, or are missing, at every place, costs the record they are in",
        arguments: [true, false]
    )
    func shifts(isLonger: Bool) async throws {
        let (url, bytes, starts) = try await segment()
        for offset in bytes.indices {
            var damaged = bytes
            if isLonger { damaged.insert(contentsOf: [1, 2, 3], at: offset) } else { damaged.remove(at: offset) }
            try damaged.write(to: url)
            let (numbers, _) = try await recovered(url)
            // Of equal bytes beside each other it is as if the last were missing, which may be the next record's first.
            let next = isLonger ? offset : bytes[offset...].firstIndex { $0 != bytes[offset] } ?? bytes.endIndex
            let place = isLonger ? offset : next - 1
            let record = try #require(starts.lastIndex { $0 <= place })
            let isBetween = isLonger && starts.contains(offset)
            let expected = Self.rows.filter { isBetween || !Self.records[record].contains($0) }
            try #require(numbers == expected, "byte \(offset)")
        }
    }

    @Test("by zeros, noise or nothing in place of all of it costs that segment, and stops nobody")
    func wiped() async throws {
        let (url, bytes, _) = try await segment()
        var generator = SystemRandomNumberGenerator()
        let noise = Data(bytes.map { _ in UInt8.random(in: 0...255, using: &generator) })
        for content in [Data(), Data(count: bytes.count), noise, Data("acknowledged".utf8)] {
            try content.write(to: url)
            #expect(try await recovered(url).numbers == [])
        }
    }

    @Test("does not let what a target answered pass for a record")
    func forged() async throws {
        let folder = try await reopening { try AgentFolder(directory.path, isDurable: false) }
        let log = try SegmentedLog(in: folder, SegmentedLog.Limits(bytes: 1 << 20)) { Rows.time(0) }
        // A whole record, but of another segment's marker, in the metadata of a row.
        var forged = ByteWriter()
        SpoolFrame.append(rows: 1, count: 1, marker: 42, to: &forged) {
            BatchPayload.write(Rows.batch(66..<67), to: &$0)
        }
        var batch = Rows.batch(0..<0)
        var row = Rows.row(0)
        row.metadata = forged.bytes
        batch.columns.append(row, series: 0)
        _ = try log.append([batch])
        _ = try log.append([Rows.batch(1..<2)])
        let url = URL(filePath: folder.file(try #require(log.segments.first?.name.text)))
        var bytes = try Data(contentsOf: url)
        bytes[12] ^= 1
        try bytes.write(to: url)
        let reading = try log.read(0..<2, by: .live, maximumRows: 10)
        #expect(Rows.numbers(reading.batch) == [1])
        #expect(reading.lost.map(\.rows) == [1])
    }
}
