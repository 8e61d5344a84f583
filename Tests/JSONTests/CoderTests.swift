import JSON
import Testing

@Suite("The Codable coder") struct CoderTests {
    enum Level: String, Codable { case low, high }

    struct Target: Codable, Equatable {
        var name: String
        var labels: [String]
        var level: Level?
        var weights: [String: Double]?
        var options: JSONValue
    }

    struct Widths: Codable, Equatable {
        var a: Int8 = .min
        var b: Int16 = .min
        var c: Int32 = .min
        var d: Int64 = .min
        var e: UInt8 = .max
        var f: UInt16 = .max
        var g: UInt32 = .max
        var h: UInt64 = .max
        var i: UInt = .max
        var j: Float = 0.1
        var k = true
        var l: [Int?] = [1, nil]
        var m: [[Double]] = [[], [0.5]]
        var n: [Int: String] = [7: "seven"]
    }

    private func message<T: Decodable>(_ type: T.Type, _ text: String) -> String? {
        do {
            _ = try decodeJSON(type, from: text.utf8)
            return nil
        } catch { return (error as? JSONError)?.message }
    }

    @Test("reads back what it wrote")
    func roundTrip() throws {
        let target = Target(name: "é\n", labels: ["x", ""], weights: ["k": 1.5], options: ["z": [1, 2.5, nil, true]])
        let bytes = try encodeJSON(target)
        #expect(
            String(decoding: bytes, as: UTF8.self)
                == #"{"name":"é\n","labels":["x",""],"weights":{"k":1.5},"options":{"z":[1,2.5,null,true]}}"#
        )
        #expect(try decodeJSON(Target.self, from: bytes) == target)
    }

    @Test("keeps numbers of every width")
    func widths() throws {
        let bytes = try encodeJSON([Widths()])
        #expect(String(decoding: bytes, as: UTF8.self).contains(#""j":0.1,"k":true,"l":[1,null],"m":[[],[0.5]],"#))
        #expect(try decodeJSON([Widths].self, from: bytes) == [Widths()])
    }

    @Test("reads and writes lone values")
    func fragments() throws {
        #expect(try encodeJSON("a") == Array(#""a""#.utf8))
        #expect(try encodeJSON(Int?.none) == Array("null".utf8))
        #expect(try encodeJSON([String: Int]()) == Array("{}".utf8))
        #expect(try decodeJSON(Int?.self, from: "null".utf8) == nil)
        #expect(try decodeJSON(Level.self, from: #""high""#.utf8) == .high)
    }

    @Test("finds members in any order and ignores the unknown")
    func order() throws {
        let text = #" {"options":null, "more":[{}], "\u006eame":"n", "labels":[]} "#
        #expect(try decodeJSON(Target.self, from: text.utf8) == Target(name: "n", labels: [], options: .null))
    }

    @Test("names the path of what is not as asked for")
    func paths() {
        #expect(
            message([Target].self, #"[{"name":"a","labels":["x",2],"options":0}]"#)
                == "[0].labels[1]: expected a string"
        )
        #expect(message(Target.self, #"{"name":1}"#) == "name: expected a string")
        #expect(message(Target.self, #"{"name":""}"#) == "labels: is missing")
        #expect(message([String: [Target]].self, #"{"a":[{},{"name":null}]}"#) == "a[0].name: is missing")
        #expect(message(Target.self, "[]") == "expected an object")
        #expect(message([Int8].self, "[1,128]") == "[1]: the number is out of range")
        #expect(message([Int].self, "[1,1.5]") == "[1]: expected an integer")
        #expect(message([UInt].self, "[-1]") == "[0]: the number is out of range")
        #expect(
            message([String: Level].self, #"{"x":"none"}"#)
                == "x: Cannot initialize Level from invalid String value none"
        )
    }

    @Test("rejects equal keys, at any depth and in any spelling")
    func duplicates() {
        #expect(message(JSONValue.self, #"[{"a":{"b":1,"b":2}}]"#) == #"duplicate key "b""#)
        #expect(message([String: Int].self, #"{"a":1,"\u0061":2}"#) == #"duplicate key "a""#)
        let long = String(repeating: "k", count: 100_000)
        #expect(message([String: Int].self, #"{"\#(long)":1,"\#(long)":2}"#)?.utf8.count == 80)
    }

    @Test("reads and writes arrays of numbers, and names the element that is none")
    func columns() throws {
        let text = #"{"a":[0.5,null,-2],"b":[],"c":[null]}"#
        let gaps: [String: [Double?]] = ["a": [0.5, nil, -2], "b": [], "c": [nil]]
        #expect(try decodeJSON([String: [Double?]].self, from: text.utf8) == gaps)
        #expect(try encodeJSON(["a": gaps["a"]]) == Array(#"{"a":[0.5,null,-2]}"#.utf8))
        #expect(try decodeJSON([[Int]].self, from: " [ [1, 2], [] ] ".utf8) == [[1, 2], []])
        #expect(try encodeJSON([[1, 2], []]) == Array("[[1,2],[]]".utf8))
        #expect(message([Double?].self, #"[1,null,"2"]"#) == "[2]: expected a number")
        #expect(message([Double?].self, "{}") == "expected an array")
        #expect(message([[Int]].self, "[[1],[2,null]]") == "[1][1]: expected an integer")
    }

    @Test("names the path of a number that JSON cannot hold")
    func notFinite() {
        #expect(throws: JSONError(.mismatch, "a[2]: JSON has no infinity and no NaN", at: 14, path: "a[2]")) {
            try encodeJSON(["a": [0.5, nil, -Double.infinity]])
        }
        #expect(throws: JSONError(.mismatch, "a[1]: JSON has no infinity and no NaN", at: 9, path: "a[1]")) {
            try encodeJSON(["a": [0.5, Double.nan]])
        }
        #expect(throws: JSONError.self) { try encodeJSON(JSONValue.double(.infinity)) }
    }
}
