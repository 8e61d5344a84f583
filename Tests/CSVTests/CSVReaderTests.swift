import CSV
import Testing

@Suite("The CSV reader")
struct CSVReaderTests {
    /// The records of a text that is handed over in pieces of `step` bytes, and what is wrong with the rest.
    private static func read(
        _ bytes: [UInt8],
        step: Int = .max,
        limits: CSVLimits = CSVLimits()
    ) -> (records: [CSVRecord], failure: CSVError?) {
        var reader = CSVReader(limits: limits)
        var records: [CSVRecord] = []
        var rest = bytes[...]
        do throws(CSVError) {
            while !rest.isEmpty {
                try reader.read(rest.prefix(step), into: &records)
                rest = rest.dropFirst(step)
            }
            try reader.finish(into: &records)
            return (records, nil)
        } catch {
            return (records, error)
        }
    }

    private static func read(_ text: String) -> (records: [CSVRecord], failure: CSVError?) {
        read(Array(text.utf8))
    }

    @Test(
        "takes any ending of a line, quotes, empty fields and a byte order mark",
        arguments: [
            ("a,b\n1,2\n", [["a", "b"], ["1", "2"]]), ("a,b\r\n1,2", [["a", "b"], ["1", "2"]]),
            ("a\rb\r\nc\nd", [["a"], ["b"], ["c"], ["d"]]), ("\u{feff}a\n", [["a"]]), ("", []), ("\n\r\n\r", []),
            ("a\n\n\nb", [["a"], ["b"]]), (",\n", [["", ""]]), ("\"\"\n", [[""]]), ("a,", [["a", ""]]),
            ("\"a\"\"b\",\"c,d\"\r\n\"e\r\nf\"", [["a\"b", "c,d"], ["e\r\nf"]]), ("ﬀ＝,é", [["ﬀ＝", "é"]]),
            ("\u{f000}a", [["\u{f000}a"]]), (" a , b", [[" a ", " b"]]), ("\"\"\"\"", [["\""]]),
        ]
    )
    func accepted(text: String, expected: [[String]]) {
        let (records, failure) = Self.read(text)
        #expect(failure == nil)
        #expect(records.map(\.fields) == expected)
    }

    @Test("tells the line and the end of each record")
    func places() {
        let text = "a,b\r\n\r\n\"1\n2\r\n3\",x\rlast,y"
        let (records, _) = Self.read(text)
        #expect(records.map(\.line) == [1, 3, 6])
        #expect(records.map(\.end) == [5, 18, 24])
        let marked = Self.read("\u{feff}a\nb").records
        #expect(marked.map(\.end) == [5, 6])
        #expect(Self.read([0xef, 0xbb]).failure?.code == .encoding)
    }

    @Test(
        "refuses what is no CSV, with the line",
        arguments: [
            ("a\n\"b\nc", CSVError.Code.malformed, 2), ("a\nb\"c", .malformed, 2), ("\"a\"b", .malformed, 1),
            ("\"a\" ,b", .malformed, 1), ("a\n\nb\0c", .encoding, 3), ("\0a", .encoding, 1), ("a,\"", .malformed, 1),
        ]
    )
    func refused(text: String, code: CSVError.Code, line: Int) {
        let failure = Self.read(text).failure
        #expect(failure?.code == code)
        #expect(failure?.line == line)
    }

    @Test("refuses UTF-16, Latin-1, half characters and surrogates")
    func encodings() {
        let texts: [[UInt8]] = [
            [0xff, 0xfe, 0x61, 0], [0xfe, 0xff, 0, 0x61], [0x61, 0, 0x2c, 0], [0x61, 0xe9, 0x0a], [0xc3],
            [0xed, 0xa0, 0x80], [0xc0, 0x80], [0xf5, 0x80, 0x80, 0x80],
        ]
        for text in texts { #expect(Self.read(text).failure?.code == .encoding, "\(text)") }
        #expect(Self.read([0x61, 0x0a, 0x62, 0x2c, 0xff]).failure?.line == 2)
    }

    @Test("keeps no more of a field, a record or a line of columns than it may")
    func limits() {
        let whole = CSVLimits()
        for (text, line) in [
            (String(repeating: "x", count: whole.fieldBytes + 1), 1),
            ("a\n\"" + String(repeating: "\"\"", count: whole.fieldBytes + 1), 2),
            ("a\n" + String(repeating: ",", count: 1_000_000), 2),
            ("\n" + String(repeating: "1234567,", count: 200_000), 2),
            (String(repeating: "\(String(repeating: "y", count: 60_000)),", count: 5), 1),
        ] {
            let failure = Self.read(text).failure
            #expect(failure?.code == .tooLarge)
            #expect(failure?.line == line)
        }
        #expect(Self.read(String(repeating: "x", count: whole.fieldBytes)).failure == nil)
        #expect(Self.read(String(repeating: ",", count: whole.columns - 1)).failure == nil)
    }

    @Test("reads nothing after a fault, and says it again")
    func broken() {
        var reader = CSVReader()
        var records: [CSVRecord] = []
        let first = #expect(throws: CSVError.self) { try reader.read("a\nb\"".utf8, into: &records) }
        let second = #expect(throws: CSVError.self) { try reader.read("c\n".utf8, into: &records) }
        #expect(first == second)
        #expect(throws: CSVError.self) { try reader.finish(into: &records) }
        #expect(records.map(\.fields) == [["a"]])
    }

    @Test("gives the same records wherever the bytes are cut, for mutated texts too")
    func pieces() {
        let seedText = "id,\"na,me\"\r\n1,\"a \"\"q\"\"\r\nz\"\r\r\n\n2,é＝\n\u{feff},x\r\"\",\n"
        var random = Mutations(state: 7)
        var accepted = 0
        for round in 0..<3_000 {
            var bytes = Array((round % 3 == 0 ? "\u{feff}" : "").utf8) + Array(seedText.utf8)
            for _ in 0..<(round == 0 ? 0 : random.below(4)) { random.change(&bytes) }
            let whole = Self.read(bytes)
            accepted += whole.failure == nil ? 1 : 0
            for step in [1, 2, 3, 5, 1 + random.below(40)] {
                let pieces = Self.read(bytes, step: step)
                #expect(pieces.records == whole.records)
                #expect(pieces.failure == whole.failure)
            }
            // Each record stands by itself between the ends: that is where a file can be cut.
            var start = 0
            for record in whole.records {
                var reader = CSVReader(continuingAt: 1)
                var alone: [CSVRecord] = []
                let text = bytes[start..<record.end].drop { start == 0 && [0xef, 0xbb, 0xbf].contains($0) }
                #expect(throws: Never.self) {
                    try reader.read(text, into: &alone)
                    try reader.finish(into: &alone)
                }
                #expect(alone.map(\.fields) == [record.fields])
                start = record.end
            }
        }
        #expect((300...2_700).contains(accepted))
    }

    @Test("knows a header whose names are there once")
    func header() throws {
        let good = try #require(Self.read("id,Name").records.first)
        #expect(try CSVHeader(good.fields).columns == ["id", "Name"])
        for text in ["a,b,a", "a,,b", "\"\""] {
            let record = try #require(Self.read(text).records.first)
            #expect(throws: CSVError.self) { _ = try CSVHeader(record.fields) }
        }
    }
}

/// Changes bytes by a seed.
private struct Mutations {
    private static let bytes: [UInt8] = Array("\",\r\nax'=".utf8) + [0, 0xff, 0xc3, 0xef]

    var state: UInt64

    mutating func below(_ bound: Int) -> Int {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return Int(state >> 33) % bound
    }

    mutating func change(_ bytes: inout [UInt8]) {
        let byte = Self.bytes[below(Self.bytes.count)]
        switch below(3) {
        case 0: bytes.insert(byte, at: below(bytes.count + 1))
        case 1: bytes[below(bytes.count)] = byte
        default: bytes.remove(at: below(bytes.count))
        }
    }
}
