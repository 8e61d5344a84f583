import JSON
import Testing

@testable import YAML

/// The first document of a text as JSON.
func yaml(_ text: String) throws(YAMLError) -> JSONValue? {
    try YAMLReader.documents(in: Array(text.utf8)).first?.json
}

@Suite("YAML")
struct YAMLReaderTests {
    private static let good: [(String, JSONValue?)] = [
        ("", nil),
        ("# nothing\n", nil),
        ("---\n...\n", nil),
        ("a: 1\nb: [x, 2.5, null]\n", ["a": 1, "b": ["x", 2.5, nil]]),
        ("- a\n- b: c\n  d: e\n-\n  - f\n", ["a", ["b": "c", "d": "e"], ["f"]]),
        ("text: |\n  one\n  two\nfolded: >-\n  one\n  two\n", ["text": "one\ntwo\n", "folded": "one two"]),
        ("{\"a\":1,\"b\":[true,null,\"\\u00e4\\/\"]}", ["a": 1, "b": [true, nil, "ä/"]]),
        ("{\n\t\"a\": {\n\t\t\"b\": 1\n\t}\n}", ["a": ["b": 1]]),
        ("a: 'it''s'\nb: \"1\"\n", ["a": "it's", "b": "1"]),
        ("200: ok\ntrue: x\n", ["200": "ok", "true": "x"]),
        ("\u{feff}a: 1\n", ["a": 1]),
        ("%YAML 1.2\n---\na: 1\n", ["a": 1]),
        ("a: http://example.org:80/#x\n", ["a": "http://example.org:80/#x"]),
    ]

    @Test("reads what JSON can say", arguments: good)
    func reads(text: String, value: JSONValue?) throws {
        #expect(try yaml(text) == value)
    }

    @Test(
        "gives unquoted scalars the meaning of the core schema",
        arguments: [
            ("null", nil), ("~", nil), ("", nil), ("True", true), ("FALSE", false), ("yes", "yes"), ("off", "off"),
            ("tRUE", "tRUE"), ("0", 0), ("-12", -12), ("+7", 7), ("0755", 755), ("0o17", 15), ("0xfF", 255),
            ("0xg", "0xg"), ("1.5", 1.5), (".5", 0.5), ("5.", 5), ("-1.e3", -1_000), ("6e-1", 0.6), ("1e", "1e"),
            (".", "."), ("-", nil), ("1_000", "1_000"), ("2026-10-13", "2026-10-13"), ("10:30", "10:30"),
            ("9223372036854775808", 9_223_372_036_854_775_808.0), ("1.2.3.4", "1.2.3.4"), ("--1", "--1"),
        ] as [(String, JSONValue?)]
    )
    func scalars(text: String, value: JSONValue?) throws {
        // A dash alone begins a sequence, whose element is empty.
        let expected: JSONValue = text == "-" ? [nil] : value ?? nil
        #expect(try YAMLReader.documents(in: Array("a:\n  \(text)\n".utf8)).first?["a"]?.json == expected)
    }

    @Test("reads several documents, each value with its place")
    func documents() throws {
        let documents = try YAMLReader.documents(in: Array("a: 1\n---\n# none\n---\nb:\n  - ä: {c: 2}\n".utf8))
        #expect(documents.map(\.json) == [["a": 1], ["b": [["ä": ["c": 2]]]]])
        #expect(documents[1].place == YAMLPlace(line: 5, column: 1))
        let element = documents[1]["b"]?.elements?.first
        #expect(element?["ä"]?.place == YAMLPlace(line: 6, column: 8))
        #expect(element?.members?.first?.keyPlace == YAMLPlace(line: 6, column: 5))
    }

    private static let hostile: [(String, YAMLError.Code, Int, Int)] = [
        ("a: &x 1\n", .refused, 1, 4),
        ("a: *x\n", .refused, 1, 4),
        ("a: 1\n<<: *x\n", .refused, 2, 5),
        ("a: !!python/object/apply:os.system [ls]\n", .refused, 1, 4),
        ("!!str a\n", .refused, 1, 1),
        ("a: ! b\n", .refused, 1, 4),
        ("a: 1\nb: 2\na: 3\n", .refused, 3, 1),
        ("{a: 1, \"a\": 2}\n", .refused, 1, 8),
        ("[a]: 1\n", .refused, 1, 1),
        ("? {a: b}\n: 1\n", .refused, 1, 3),
        ("a: .inf\n", .refused, 1, 4),
        ("a: -.Inf\n", .refused, 1, 4),
        ("a: .nan\n", .refused, 1, 4),
        ("a: 1e999\n", .refused, 1, 4),
        ("a:\n\tb: 1\n", .malformed, 2, 1),
        ("a: b: c\n", .malformed, 1, 5),
        ("a: [1, 2\n", .malformed, 2, 1),
        ("a: \"x\n", .malformed, 2, 1),
        ("a: >= 5\n", .malformed, 1, 5),
        ("a: \u{1}\n", .malformed, 1, 4),
        ("%YAML 3.0\n---\na: 1\n", .malformed, 1, 1),
    ]

    @Test("refuses what it does not take, and says where", arguments: hostile)
    func refuses(text: String, code: YAMLError.Code, line: Int, column: Int) throws {
        let error = #expect(throws: YAMLError.self) { try yaml(text) }
        #expect(error?.code == code, "\(error.map { "\($0)" } ?? "")")
        #expect(error?.place == YAMLPlace(line: line, column: column), "\(error.map { "\($0)" } ?? "")")
    }

    @Test(
        "says what to do about tabs and about texts that want quotes",
        arguments: [
            ("a:\n\tb: 1\n", "line 2, column 1", "; indent with spaces, not with tabs"),
            ("a: >= 5\n", "line 1, column 5", "; a text that begins like this needs quotes"),
            ("{a: >= 5}\n", "line 1, column 5", "; a text that begins like this needs quotes"),
            ("a: @b\n", "line 1, column 4", "; a text that begins like this needs quotes"),
            ("a: [1, 2\n", "line 2, column 1", "did not find expected ',' or ']'"),
        ]
    )
    func advice(text: String, place: String, end: String) {
        let error = #expect(throws: YAMLError.self) { try yaml(text) }
        let description = error?.description ?? ""
        #expect(description.hasPrefix(place) && description.hasSuffix(end), "\(description)")
    }

    @Test("refuses a billion laughs at the first anchor")
    func laughs() {
        let levels = (1...9).map { level in
            "l\(level): &l\(level) [\(Array(repeating: "*l\(level - 1)", count: 9).joined(separator: ","))]"
        }
        let error = #expect(throws: YAMLError.self) { try yaml("l0: &l0 lol\n" + levels.joined(separator: "\n")) }
        #expect(error?.description == "line 1, column 5: anchors are not taken")
    }

    @Test("refuses what is deeper than 64", arguments: ["[", "{a: ", "- ", "? "])
    func depth(opening: String) throws {
        for count in [65, 5_000, 200_000] {
            let error = #expect(throws: YAMLError.self) { try yaml(String(repeating: opening, count: count)) }
            #expect(error?.code == (opening == "? " ? .refused : .limit), "\(error.map { "\($0)" } ?? "")")
        }
        let fits = String(repeating: "[", count: 64) + String(repeating: "]", count: 64)
        #expect(try yaml(fits) != nil)
    }

    @Test("refuses what is larger than its limits")
    func size() throws {
        let tenMegabytes = [UInt8](repeating: UInt8(ascii: "a"), count: 10_000_000)
        #expect(throws: YAMLError.self) { try YAMLReader.documents(in: tenMegabytes) }
        var limits = YAMLLimits()
        limits.bytes = tenMegabytes.count
        #expect(try YAMLReader.documents(in: tenMegabytes, limits: limits).count == 1)
        let error = #expect(throws: YAMLError.self) { try yaml("[" + String(repeating: "1,", count: 300_000) + "]") }
        #expect(error?.code == .limit)
    }

    @Test(
        "refuses bytes that are not UTF-8, and other encodings",
        arguments: [
            [0x61, 0x3a, 0x20, 0xff], [0x61, 0x3a, 0x20, 0xc0, 0x80], [0x61, 0x3a, 0x20, 0xed, 0xa0, 0x80],
            [0xff, 0xfe, 0x61, 0x00], [0xfe, 0xff, 0x00, 0x61], [0x61, 0x3a, 0x20, 0xe2, 0x82],
        ] as [[UInt8]]
    )
    func encoding(bytes: [UInt8]) {
        let error = #expect(throws: YAMLError.self) { try YAMLReader.documents(in: bytes) }
        #expect(error?.code == .malformed)
    }

    @Test("ends with an error or a value for every text that is cut or changed")
    func damage() {
        let whole = Array("a: [1, {b: \"c\\n\"}]\nd: |\n  e\n- 'f' # g\n---\n? h\n: ~\n".utf8)
        var refused = 0
        for place in whole.indices {
            for byte in [UInt8]("\0\t\n!\"#%&'*,-:>?@[]`{|}\u{7f}".utf8) + [0x80, 0xff] {
                var text = whole
                text[place] = byte
                do { _ = try YAMLReader.documents(in: text) } catch { refused += 1 }
                do { _ = try YAMLReader.documents(in: Array(text[...place])) } catch { refused += 1 }
            }
        }
        #expect(refused > 0)
    }
}
