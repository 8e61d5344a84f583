import Testing

@testable import JSON

@Suite("Strictness, by the kinds of the public corpora") struct StrictnessTests {
    /// The three ways to read a whole text agree on what is one.
    private func readers(_ bytes: [UInt8]) -> [JSONError?] {
        [
            error { () throws(JSONError) in try validateJSON(bytes) },
            error { () throws(JSONError) in _ = try JSONValue(json: bytes) },
            error { () throws(JSONError) in _ = try JSONTape(bytes) },
        ]
    }

    private func error(_ body: () throws(JSONError) -> Void) -> JSONError? {
        do {
            try body()
            return nil
        } catch { return error }
    }

    @Test("accepts", arguments: TextCase.accepted)
    func accepts(_ text: TextCase) {
        #expect(readers(text.bytes) == [nil, nil, nil])
    }

    @Test("rejects", arguments: TextCase.rejected)
    func rejects(_ text: TextCase) {
        #expect(readers(text.bytes).map(\.?.code) == [.malformed, .malformed, .malformed])
    }

    @Test("rejects every beginning of a text")
    func beginnings() {
        let text = Array(#"{"a":[1.5e3,{"b":"\u00e9é\ud83d\ude39"},true,false,null,""],"c":{}}"#.utf8)
        for length in 0..<text.count {
            #expect(readers(Array(text[..<length])).allSatisfy { $0?.code == .malformed }, "\(length) bytes")
        }
        #expect(readers(text) == [nil, nil, nil])
    }

    @Test("leaves equal keys to the reader's user and rejects them everywhere else")
    func duplicateKeys() {
        let text = Array(#"{"a":1,"\u0061":2}"#.utf8)
        let errors = readers(text)
        #expect(errors[0] == nil)
        #expect(errors[1] == JSONError(.malformed, "duplicate key \"a\"", at: 16))
        #expect(errors[2] == JSONError(.malformed, "duplicate key \"a\"", at: 16))
    }

    @Test("keeps to the depth limit it is given", arguments: [0, 1, 3, 512])
    func depth(limit: Int) {
        let fits =
            Array(String(repeating: "[", count: limit).utf8) + Array("1".utf8)
            + Array(String(repeating: "]", count: limit).utf8)
        let isTooDeep = [UInt8(ascii: "[")] + fits + [UInt8(ascii: "]")]
        #expect(error { () throws(JSONError) in try validateJSON(fits, depthLimit: limit) } == nil)
        #expect(error { () throws(JSONError) in try validateJSON(isTooDeep, depthLimit: limit) }?.code == .malformed)
    }

    @Test("closes what is open with what it was opened with, at any depth", arguments: [1, 2, 62, 63, 64, 65, 66, 130])
    func closers(depth: Int) {
        // Objects and arrays in turns: {"a":[{"a":[ ...
        let opening = (0..<depth).map { $0 % 2 == 0 ? #"{"a":"# : "[" }
        let closing = (0..<depth).reversed().map { $0 % 2 == 0 ? "}" : "]" }
        let text = opening.joined() + "1" + closing.joined()
        #expect(error { () throws(JSONError) in try validateJSON(text.utf8, depthLimit: 512) } == nil)
        for wrong in closing.indices {
            var closers = closing
            closers[wrong] = closing[wrong] == "}" ? "]" : "}"
            let broken = opening.joined() + "1" + closers.joined()
            let error = error { () throws(JSONError) in try validateJSON(broken.utf8, depthLimit: 512) }
            #expect(error?.offset == broken.utf8.count - depth + wrong)
        }
    }

    @Test(
        "takes numbers of any size as JSON, but not as a double beyond the largest",
        arguments: [
            "0.4e00669999999999999999999999999999999999999999999969999999006", "-1e+9999", "1.5e+9999", "[-1e99999]",
        ]
    )
    func hugeNumbers(_ text: String) {
        #expect(readers(Array(text.utf8)).map(\.?.code) == [nil, .mismatch, nil])
    }

    @Test(
        "takes numbers that a double only comes near to",
        arguments: [
            ("123.456e-789", 0), ("1e-400", 0), ("-1e-400", -0.0), ("100000000000000000000", 1e20),
            ("-123123123123123123123123123123", -123_123_123_123_123_123_123_123_123_123.0),
        ]
    )
    func roundedNumbers(_ text: String, _ value: Double) throws {
        #expect(try JSONValue(json: text.utf8) == .double(value))
    }
}
