import JSON
import Testing

@Suite("The reader") struct ReaderTests {
    private func read<T: JSONCodable>(_ type: T.Type, _ text: String) throws(JSONError) -> T {
        try T(json: text.utf8)
    }

    private func code(_ body: () throws(JSONError) -> Void) -> JSONError.Code? {
        do {
            try body()
            return nil
        } catch { return error.code }
    }

    @Test("reads whole numbers up to the ends of their types")
    func integers() throws {
        #expect(try read(Int.self, "-0") == 0)
        #expect(try read(Int.self, "9223372036854775807") == .max)
        #expect(try read(Int.self, "-9223372036854775808") == .min)
        #expect(try read(UInt64.self, "18446744073709551615") == .max)
        #expect(try read(UInt64.self, "9999999999999999999") == 9_999_999_999_999_999_999)
        #expect(try read(UInt64.self, "-0") == 0)
    }

    @Test(
        "calls a number that is not of the type asked for a mismatch",
        arguments: [
            "9223372036854775808", "-9223372036854775809", "18446744073709551616", "99999999999999999999999", "1.0",
            "1e2", "1E0", "0.5", "true", "null", "\"1\"", "[]", "{}",
        ]
    )
    func notAnInteger(_ text: String) {
        #expect(code { () throws(JSONError) in _ = try read(Int.self, text) } == .mismatch)
    }

    @Test("calls negative numbers and too large ones a mismatch for UInt64", arguments: ["-1", "18446744073709551616"])
    func notUnsigned(_ text: String) {
        #expect(code { () throws(JSONError) in _ = try read(UInt64.self, text) } == .mismatch)
    }

    @Test("calls a broken number malformed, whatever was asked for", arguments: ["-", "01", "1.", "1e", "-x"])
    func malformedNumbers(_ text: String) {
        #expect(code { () throws(JSONError) in _ = try read(Int.self, text) } == .malformed)
        #expect(code { () throws(JSONError) in _ = try read(Double.self, text) } == .malformed)
    }

    @Test(
        "reads the double nearest to the text",
        arguments: [
            "0", "-0.0", "0.1", "123.456789", "1e22", "1e23", "9007199254740993", "9007199254740992.5", "5e-324",
            "2.2250738585072011e-308", "1.7976931348623157e308", "0.12345678901234567", "1e-400",
            "12345678901234567890",
            "3.141592653589793", "0.000000000000000000000000000000000001", "4.9406564584124654e-324", "1E+2", "8.5e-3",
        ]
    )
    func doubles(_ text: String) throws {
        #expect(try read(Double.self, text).bitPattern == Double(text)?.bitPattern)
    }

    @Test(
        "calls a number beyond the largest double a mismatch",
        arguments: ["1e999", "-1e309", "1e99999999999999999999"]
    )
    func tooLarge(_ text: String) {
        #expect(code { () throws(JSONError) in _ = try read(Double.self, text) } == .mismatch)
    }

    @Test("unescapes strings")
    func strings() throws {
        #expect(
            try read(String.self, #""\"\\\/\b\f\n\r\t\u0000\u00e9\uD83D\uDE39\u20aC""#) == "\"\\/\u{8}\u{C}\n\r\t\0é😹€"
        )
        #expect(try read(String.self, "\"0123456789abcdefé😹 0123456789\"") == "0123456789abcdefé😹 0123456789")
        #expect(try read(String.self, "\"\"").isEmpty)
    }

    @Test("compares keys with literals, escaped, long and none at all")
    func keys() throws {
        let text = #"{"\u0061b":1,"":2,"exactly-24-bytes-of-key-":3,"more than twenty-four bytes of key":4}"#
        var seen: [String] = []
        try JSONReader.read(text.utf8) { reader throws(JSONError) in
            try reader.beginObject()
            while let key = try reader.nextKey() {
                switch (key, try reader.int()) {
                case ("ab", 1), ("", 2), ("exactly-24-bytes-of-key-", 3), ("more than twenty-four bytes of key", 4):
                    seen.append(key.string)
                default: Issue.record("\(key.string) is unknown")
                }
            }
            try reader.finish()
        }
        #expect(seen == ["ab", "", "exactly-24-bytes-of-key-", "more than twenty-four bytes of key"])
    }

    @Test("finds a key that stands there twice", arguments: [2, 15, 16, 17, 200])
    func duplicateKeys(count: Int) throws {
        let members = (0..<count).map { "\"key\($0)\":0" } + ["\"key\(count / 2)\":0"]
        let text = "{" + members.joined(separator: ",") + "}"
        #expect(throws: JSONError.self) {
            try JSONReader.read(text.utf8) { reader throws(JSONError) in
                var keys = JSONKeySet()
                try reader.beginObject()
                while let key = try reader.nextKey() {
                    try keys.insert(key, before: reader.position)
                    try reader.skip()
                }
            }
        }
    }

    @Test("says where a value's bytes are, in a slice too")
    func rawValue() throws {
        let bytes = Array(#"xx{"id": [1, {"a":null}] ,"n":-1.5e3}yy"#.utf8)
        let text = bytes[2..<bytes.count - 2]
        var values: [String] = []
        try JSONReader.read(text) { reader throws(JSONError) in
            try reader.beginObject()
            while try reader.nextKey() != nil {
                let range = try reader.rawValue()
                values.append(String(decoding: text.dropFirst(range.lowerBound).prefix(range.count), as: UTF8.self))
            }
            try reader.finish()
        }
        #expect(values == [#"[1, {"a":null}]"#, "-1.5e3"])
    }

    @Test("tells the kind of a value before it is read")
    func kinds() throws {
        let kinds = try JSONReader.read(#"[ {}, [], "", -1, 0, true, false, null]"#.utf8) { reader throws(JSONError) in
            var kinds: [JSONKind?] = []
            try reader.beginArray()
            while try reader.nextElement() {
                kinds.append(reader.peekKind())
                try reader.skip()
            }
            return kinds
        }
        #expect(kinds == [.object, .array, .string, .number, .number, .bool, .bool, .null])
    }

    @Test("reads columns")
    func columns() throws {
        let text = #"{"i":[1,-2],"d":[0.5,null,3],"s":["a","é"],"o":{"k":[true]}}"#
        var (ints, doubles, strings) = ([Int](), [Double?](), [String]())
        var object: [String: [Bool]] = [:]
        try JSONReader.read(text.utf8) { reader throws(JSONError) in
            try reader.beginObject()
            while let key = try reader.nextKey() {
                switch key {
                case "i": try reader.ints(into: &ints)
                case "d": try reader.doubles(into: &doubles)
                case "s": try reader.strings(into: &strings)
                default: object = try [String: [Bool]](from: &reader)
                }
            }
        }
        #expect(ints == [1, -2])
        #expect(doubles == [0.5, nil, 3])
        #expect(strings == ["a", "é"])
        #expect(object == ["k": [true]])
    }

    @Test("reads texts that are not in one piece of memory")
    func scattered() throws {
        let text = [Array("[1,".utf8), Array("2]".utf8)].joined()
        #expect(try [Int](json: Array(text)) == [1, 2])
        #expect(
            try JSONReader.read(AnyCollection(Array("true".utf8))) { reader throws(JSONError) in try reader.bool() }
        )
    }

    @Test("says what was expected and where")
    func messages() {
        #expect(throws: JSONError(.mismatch, "expected a string", at: 2)) { try read([String].self, "[ 1]") }
        #expect(throws: JSONError(.malformed, "expected a comma or the end of the array", at: 3)) {
            try read([Int].self, "[1 2]")
        }
        #expect(throws: JSONError(.malformed, "expected the end of the text", at: 2)) { try read(Int.self, "1 2") }
    }
}
