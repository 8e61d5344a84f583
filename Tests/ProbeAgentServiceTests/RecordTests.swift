import Contracts
import Testing

@testable import ProbeAgentService

@Suite("Spool records")
struct RecordTests {
    static let checksums: [(bytes: [UInt8], checksum: UInt32)] = [
        ([UInt8](repeating: 0, count: 32), 0x8a91_36aa), ([UInt8](repeating: 0xff, count: 32), 0x62a8_ab43),
        ([UInt8](0..<32), 0x46dd_794e), ([UInt8](0..<32).reversed(), 0x113f_db5c),
        ([UInt8]("123456789".utf8), 0xe306_9283), ([], 0),
    ]

    @Test("have the checksum of RFC 3720, appendix B.4", arguments: checksums)
    func checksum(bytes: [UInt8], expected: UInt32) {
        #expect(CRC32C.of(bytes.span) == expected)
        var inParts = CRC32C()
        for part in [bytes.prefix(5), bytes.dropFirst(5)] { inParts.update(part.span) }
        #expect(inParts.value == expected)
    }

    @Test("give a batch back as it was, whatever is in it")
    func roundTrip() {
        var batch = Rows.batch(0..<50, metadata: #"{"text":"ü 😀","list":[1,2.5,null]}"#)
        batch.series[1].checkID = CheckID(rawValue: "no UUID")
        batch.series[2].target = ""
        batch.origin = "Büro"
        var writer = ByteWriter()
        BatchPayload.write(batch, to: &writer)
        #expect(BatchPayload.read(writer.bytes[...]) == batch)
        for type in CheckType.allCases {
            batch.series[0].type = type
            var writer = ByteWriter()
            BatchPayload.write(batch, to: &writer)
            #expect(BatchPayload.read(writer.bytes[...]) == batch)
        }
    }

    @Test("keep every status and reason there is")
    func closedSets() {
        var batch = Rows.batch(0..<0)
        for status in MeasurementStatus.allCases {
            for reason in FailureReason.allCases {
                var row = Rows.row(1)
                (row.status, row.reason) = (status, reason)
                batch.columns.append(row, series: 0)
            }
        }
        var writer = ByteWriter()
        BatchPayload.write(batch, to: &writer)
        #expect(BatchPayload.read(writer.bytes[...]) == batch)
    }

    @Test("are not read when they are cut short, or of another version")
    func refused() {
        var writer = ByteWriter()
        BatchPayload.write(Rows.batch(0..<3), to: &writer)
        for length in 0..<writer.bytes.count { #expect(BatchPayload.read(writer.bytes.prefix(length)) == nil) }
        #expect(BatchPayload.read([99] + writer.bytes.dropFirst()) == nil)
        #expect(BatchPayload.read(writer.bytes + [0]) == nil)
    }

    @Test("take no more than 110 bytes a row of a probe that comes alone, beside its metadata")
    func size() {
        var writer = ByteWriter()
        BatchPayload.write(Rows.batch(0..<3), to: &writer)
        #expect(writer.bytes.count <= 110 * 3)
        var large = ByteWriter()
        BatchPayload.write(Rows.batch(0..<64), to: &large)
        #expect(large.bytes.count <= 45 * 64)
    }

    @Test("name their segment in a way that can be read back")
    func names() {
        let name = SegmentName(first: 77, createdAt: Rows.time(5), marker: 0xfedc_ba98_7654_3210)
        #expect(SegmentName(name.text) == name)
        for text in ["", "lock", "1-2.spool1", "x-1-2.spool1", name.text + ".new", "1-2-3-4.spool1"] {
            #expect(SegmentName(text) == nil)
        }
    }
}

@Suite("RowRanges")
struct RowRangesTests {
    @Test("merge what touches, in any order")
    func merge() {
        var rows = RowRanges([10..<20, 30..<40])
        rows.insert(5..<5)
        rows.insert(20..<25)
        rows.insert(0..<3)
        #expect(rows.ranges == [0..<3, 10..<25, 30..<40])
        rows.insert(3..<10)
        #expect(rows.ranges == [0..<25, 30..<40])
        rows.insert(24..<50)
        #expect(rows.ranges == [0..<50])
        #expect(rows.end == 50)
    }

    @Test("say what is missing, and how much is there")
    func missing() {
        let rows = RowRanges([10..<20, 30..<40])
        #expect(rows.missing(in: 0..<50) == [0..<10, 20..<30, 40..<50])
        #expect(rows.missing(in: 15..<35) == [20..<30])
        #expect(rows.missing(in: 12..<18) == [])
        #expect(rows.count(in: 15..<35) == 10)
        #expect(rows.contains(10..<20))
        #expect(!rows.contains(10..<21))
        var less = rows
        less.remove(15..<35)
        #expect(less.ranges == [10..<15, 35..<40])
    }

    @Test("are the same as a set of numbers, for random ranges")
    func random() {
        var generator = SystemRandomNumberGenerator()
        for _ in 0..<200 {
            var (rows, set) = (RowRanges(), Set<Int>())
            for _ in 0..<10 {
                let lower = Int.random(in: 0..<60, using: &generator)
                let range = lower..<lower + Int.random(in: 0..<12, using: &generator)
                if Bool.random(using: &generator) {
                    rows.insert(range)
                    set.formUnion(range)
                } else {
                    rows.remove(range)
                    set.subtract(range)
                }
            }
            #expect(Set(rows.ranges.joined()) == set)
            #expect(zip(rows.ranges, rows.ranges.dropFirst()).allSatisfy { $0.upperBound < $1.lowerBound })
        }
    }
}
