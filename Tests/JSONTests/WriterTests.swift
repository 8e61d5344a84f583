import JSON
import Testing

@Suite("The writer") struct WriterTests {
    private func text(_ body: (inout JSONWriter) -> Void) -> String {
        var writer = JSONWriter(capacity: 0)
        body(&writer)
        return String(decoding: writer.bytes, as: UTF8.self)
    }

    @Test("puts commas where they belong")
    func commas() {
        let text = text {
            $0.beginObject()
            $0.key("a")
            $0.ints([1, -2])
            $0.key(named: "b")
            $0.beginObject()
            $0.endObject()
            $0.key("c")
            $0.beginArray()
            $0.null()
            $0.bool(true)
            $0.raw("[0]")
            $0.raw(Array("{}".utf8))
            $0.strings([])
            $0.strings(["x", "y"])
            $0.doubles([0.5, nil, 2])
            $0.doubles([1, 1.25])
            $0.endArray()
            $0.key("d")
            $0.uint64(.max)
            $0.endObject()
            $0.newline()
            $0.int(1)
        }
        #expect(
            text == """
                {"a":[1,-2],"b":{},"c":[null,true,[0],{},[],["x","y"],[0.5,null,2],[1,1.25]],"d":18446744073709551615}
                1
                """
        )
    }

    @Test("starts again where it is told to forget")
    func removeAll() {
        let text = text {
            $0.string("a")
            $0.removeAll()
            $0.string("b")
        }
        #expect(text == #""b""#)
    }

    @Test("escapes what must be escaped and nothing else")
    func strings() {
        #expect(
            text { $0.string("\"\\/\u{8}\n\r\t\0\u{1F}\u{7F}é😹") } == #""\"\\/\u0008\n\r\t\u0000\u001f"# + "\u{7F}é😹\""
        )
        #expect(text { $0.string("0123456789abcdef\n0123456789abcdef") } == #""0123456789abcdef\n0123456789abcdef""#)
        #expect(text { $0.key(named: "a\"b") } == #""a\"b":"#)
    }

    @Test("writes every width of integer", arguments: 0..<64)
    func integers(bit: Int) {
        let power: UInt64 = 1 << bit
        for value in [power, power - 1] {
            #expect(text { $0.uint64(value) } == "\(value)")
            #expect(text { $0.int64(Int64(bitPattern: value)) } == "\(Int64(bitPattern: value))")
        }
    }

    @Test(
        "writes the shortest text of a double",
        arguments: [
            (0.0, "0"), (-0.0, "-0"), (1, "1"), (-1.5, "-1.5"), (0.1, "0.1"), (0.000001, "0.000001"),
            (0.0000001, "1e-07"), (123.456789, "123.456789"), (0.1 + 0.2, "0.30000000000000004"),
            (999_999_999.999999, "999999999.999999"), (1e15, "1000000000000000"), (1e16, "1e+16"), (100, "100"),
            (9_007_199_254_740_991, "9007199254740991"), (1.0 / 3, "0.3333333333333333"),
            (.leastNonzeroMagnitude, "5e-324"),
            (1_763_600_000.25, "1763600000.25"), (1.7976931348623157e308, "1.7976931348623157e+308"),
        ] as [(Double, String)]
    )
    func doubles(_ value: Double, _ expected: String) {
        #expect(text { $0.double(value) } == expected)
    }

    @Test("writes no double longer than Swift does, and each one reads back", arguments: 1...3 as ClosedRange<UInt64>)
    func anyDouble(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        for round in 0..<20_000 {
            let value =
                switch round % 3 {
                case 0: Double(bitPattern: random.next())
                case 1: Double(Int.random(in: -1_000_000_000_000...1_000_000_000_000, using: &random)) / 1e6
                default: Double.random(in: -1e6...1e6, using: &random)
                }
            guard value.isFinite else { continue }
            let text = text { $0.double(value) }
            #expect(try Double(json: text.utf8).bitPattern == value.bitPattern, "\(value)")
            #expect(text.count <= value.description.count)
        }
    }
}
