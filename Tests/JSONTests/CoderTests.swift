import JSON
import Testing

@Suite("The Codable coder") struct CoderTests {
    struct Target: Codable, Equatable {
        var name: String
        var labels: [String]
        var weights: [String: Double]?
        var options: JSONValue
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

    @Test("names the path of what is not as asked for")
    func path() throws {
        #expect(throws: JSONError(.mismatch, "[0].labels[1]: expected a string", at: 28)) {
            try decodeJSON([Target].self, from: Array(#"[{"name":"a","labels":["x", 2],"options":0}]"#.utf8))
        }
    }
}
