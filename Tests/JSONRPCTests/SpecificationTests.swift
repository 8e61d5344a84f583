import JSON
import Observability
import Testing

@testable import JSONRPC

struct Operands: Codable, RPCPayload {
    var minuend: Int
    var subtrahend: Int
}

/// What must be there is declared behind what need not.
struct Scaling: Codable, RPCPayload {
    var factor: Int?
    var number: Int
}

/// Any params at all.
struct Anything: RPCPayload {
    static let schema = JSONSchema.any
    init(payload bytes: ArraySlice<UInt8>) throws {}
    func writePayload(to writer: inout JSONWriter) throws { writer.raw("{}") }
}

/// The router of the specification's examples, and what it was told.
struct ExampleRouter {
    let sink = MemorySink()
    let metrics = Metrics()
    let router: RPCRouter

    init(authorizer: any RPCAuthorizer = OpenDoor()) {
        let peer = RPCPeer(rawValue: "test")
        var router = RPCRouter(
            title: "test",
            authorizer: authorizer,
            log: Log(label: "test", sink: sink),
            metrics: metrics
        )
        router.handle(RPCMethod<Operands, JSONValue>("subtract", "Subtracts.", of: peer)) {
            .int($0.minuend - $0.subtrahend)
        }
        router.handle(RPCMethod<Scaling, JSONValue>("scale", "Multiplies.", of: peer)) {
            .int($0.number * ($0.factor ?? 1))
        }
        router.handle(RPCMethod<Operands, JSONValue>("broken", "Fails.", of: peer)) { _ in throw Secret() }
        router.handle(RPCMethod<Operands, JSONValue>("busy", "Refuses.", of: peer)) { _ in
            throw RPCError(.busy, "later", data: ["retry_after_ms": 5])
        }
        for name in ["update", "notify_hello", "notify_sum"] {
            router.handle(RPCMethod<Anything, Empty>(name, "Takes note.", of: peer)) { _ in Empty() }
        }
        let sum = RPCMethod<Anything, JSONValue>("sum", "Adds.", of: peer).descriptor
        router.handle(sum, raw: { _ in RPCRawReply(result: Array("7".utf8)[...]) })
        let data = RPCMethod<Empty, JSONValue>("get_data", "Returns data.", of: peer)
        router.handle(data) { _ in ["hello", 5] }
        let ticks = RPCStreamMethod<Operands, JSONValue, JSONValue>("ticks", "Counts down.", of: peer)
        router.handle(ticks) { operands in
            RPCStream(JSONValue.int(operands.minuend)) { writer in
                for tick in 0..<operands.minuend { try await writer.send(.int(tick)) }
                if operands.subtrahend == 1 { throw RPCError(.conflict, "enough") }
                if operands.subtrahend == 2 { throw Secret() }
            }
        }
        self.router = router
    }

    /// The answer's text; `nil` when there is none, and the lines of a stream each on its own.
    func answer(_ text: String) async throws -> String? {
        try await answer(Array(text.utf8))
    }

    func answer(_ bytes: [UInt8]) async throws -> String? {
        var random = SplitMix64(seed: 1)
        switch await router.respond(to: bytes, context: CallContext(trace: .random(using: &random))) {
        case .none: return nil
        case .message(let bytes): return String(decoding: bytes, as: UTF8.self)
        case .stream(let body):
            let lines = Lines()
            try await body.run(lines)
            return lines.text
        }
    }

    struct Secret: Error { let secret = "the disk is full" }
}

/// Members of a JSON text in an order of their own, so that two can be compared.
func sorted(_ text: String) throws -> JSONValue { try JSONValue(json: Array(text.utf8)) }

@Suite("JSON-RPC 2.0, the examples of the specification")
struct SpecificationTests {
    @Test(
        "answers as it is written there, but for the words of errors",
        arguments: [
            (#"{"jsonrpc":"2.0","method":"subtract","params":{"subtrahend":23,"minuend":42},"id":3}"#, ["19 3"]),
            (#"{"jsonrpc":"2.0","method":"subtract","params":{"minuend":42,"subtrahend":23},"id":4}"#, ["19 4"]),
            (#"{"jsonrpc":"2.0","method":"subtract","params":[42,23],"id":1}"#, ["19 1"]),
            (#"{"jsonrpc":"2.0","method":"subtract","params":[23,42],"id":2}"#, ["-19 2"]),
            (#"{"jsonrpc":"2.0","method":"update","params":[]}"#, []),
            (#"{"jsonrpc":"2.0","method":"foobar"}"#, []),
            (#"{"jsonrpc":"2.0","method":"foobar","id":"1"}"#, [#"-32601 "1""#]),
            (#"{"jsonrpc":"2.0","method":"foobar,"params":"bar","baz]"#, ["-32700 null"]),
            (#"{"jsonrpc":"2.0","method":1,"params":"bar"}"#, ["-32600 null"]),
            (#"[{"jsonrpc":"2.0","method":"sum","params":{},"id":"1"},{"jsonrpc":"2.0","method"]"#, ["-32700 null"]),
            ("[]", ["-32600 null"]), ("[1]", ["-32600 null"]),
            ("[1,2,3]", ["-32600 null", "-32600 null", "-32600 null"]),
            (
                """
                [{"jsonrpc":"2.0","method":"sum","params":{},"id":"1"},{"jsonrpc":"2.0","method":"notify_hello"},
                {"jsonrpc":"2.0","method":"subtract","params":[42,23],"id":"2"},{"foo":"boo"},
                {"jsonrpc":"2.0","method":"foo.get","params":{"name":"myself"},"id":"5"},
                {"jsonrpc":"2.0","method":"get_data","id":"9"}]
                """,
                [#"7 "1""#, #"19 "2""#, "-32600 null", #"-32601 "5""#, #"["hello",5] "9""#]
            ),
            (#"[{"jsonrpc":"2.0","method":"notify_sum"},{"jsonrpc":"2.0","method":"notify_hello"}]"#, []),
        ]
    )
    func example(request: String, answers: [String]) async throws {
        #expect(try await outcomes(request) == answers)
    }

    @Test(
        "echoes ids byte for byte",
        arguments: [
            "1", "-1", "0", "1.5", "1e3", "-0", "9007199254740993", "18446744073709551616123456789", #""""#, #""a""#,
            #""\u00e9\n\/""#, #""é""#, "null", "1E+400",
        ]
    )
    func ids(id: String) async throws {
        let answer = try await ExampleRouter().answer(#"{"jsonrpc":"2.0","method":"get_data","id":\#(id)}"#)
        #expect(answer == #"{"jsonrpc":"2.0","result":["hello",5],"id":\#(id)}"#)
    }

    @Test(
        "refuses what is no request object",
        arguments: [
            #"{"jsonrpc":"1.0","method":"get_data","id":1}"#, #"{"method":"get_data","id":1}"#,
            #"{"jsonrpc":2.0,"method":"get_data","id":1}"#, #"{"jsonrpc":"2.0","id":1}"#,
            #"{"jsonrpc":"2.0","method":null,"id":1}"#, #"{"jsonrpc":"2.0","method":"get_data","id":{}}"#,
            #"{"jsonrpc":"2.0","method":"get_data","id":[1]}"#, #"{"jsonrpc":"2.0","method":"get_data","id":true}"#,
            #"{"jsonrpc":"2.0","method":"get_data","params":1,"id":1}"#,
            #"{"jsonrpc":"2.0","method":"get_data","params":null,"id":1}"#,
            #"{"jsonrpc":"2.0","jsonrpc":"2.0","method":"get_data","id":1}"#,
            #"{"jsonrpc":"2.0","method":"get_data","method":"update","id":1}"#,
            #"{"jsonrpc":"2.0","method":"get_data","id":1,"id":2}"#,
            #"{"jsonrpc":"2.0","method":"get_data","params":{},"params":{},"id":1}"#,
            #""get_data""#, "1", "null", "true",
        ]
    )
    func invalid(request: String) async throws {
        #expect(try await outcomes(request) == ["-32600 null"])
    }

    @Test("refuses a batch within a batch, and runs what stands beside it")
    func nestedBatch() async throws {
        let request = #"{"jsonrpc":"2.0","method":"get_data","id":1}"#
        #expect(try await outcomes("[[\(request)],\(request)]") == ["-32600 null", #"["hello",5] 1"#])
    }

    @Test(
        "refuses what is no JSON text",
        arguments: [
            "", " ", "{", "nul", "{}{}", #"{"a":1}x"#, "[1,]", "\u{feff}{}", "{\"a\":\"\u{1}\"}", #"{"a":01}"#,
            #"{"a":NaN}"#, #"{"a":"\ud800"}"#, #"{"a":'b'}"#, String(repeating: "[", count: 100_000),
            #"{"jsonrpc":"2.0","method":"get_data","params":\#(String(repeating: "[", count: 65))\#(String(repeating: "]", count: 65)),"id":1}"#,
        ]
    )
    func noJSON(text: String) async throws {
        #expect(try await outcomes(text) == ["-32700 null"])
    }

    @Test("refuses bytes that are no UTF-8")
    func noUTF8() async throws {
        for bytes: [UInt8] in [[0xff], [0xc0, 0x80], [0xed, 0xa0, 0x80], [0xf5, 0x80, 0x80, 0x80], [0xe2, 0x82]] {
            let text = Array(#"{"jsonrpc":"2.0","method":"get_data","id":""#.utf8) + bytes + Array(#""}"#.utf8)
            #expect(try await ExampleRouter().answer(text)?.contains("-32700") == true)
        }
    }

    @Test("takes a batch of a hundred, and refuses one of more as a whole", arguments: [100, 101, 10_000])
    func largeBatch(count: Int) async throws {
        let request = #"{"jsonrpc":"2.0","method":"get_data","id":1}"#
        let batch = "[" + Array(repeating: request, count: count).joined(separator: ",") + "]"
        #expect(try await outcomes(batch).count == (count == 100 ? 100 : 1))
    }

    @Test("reads positional params in the order of their declaration, and no more than there are")
    func positional() async throws {
        #expect(try await outcomes(#"{"jsonrpc":"2.0","method":"subtract","params":[1,2,3],"id":1}"#) == ["-32602 1"])
        #expect(try await outcomes(#"{"jsonrpc":"2.0","method":"subtract","params":[1],"id":1}"#) == ["-32602 1"])
        #expect(try await outcomes(#"{"jsonrpc":"2.0","method":"subtract","params":["1",2],"id":1}"#) == ["-32602 1"])
        #expect(try await outcomes(#"{"jsonrpc":"2.0","method":"subtract","id":1}"#) == ["-32602 1"])
    }

    @Test("has the params that must be there before the others, as OpenRPC asks for")
    func positions() async throws {
        #expect(try await outcomes(#"{"jsonrpc":"2.0","method":"scale","params":[7],"id":1}"#) == ["7 1"])
        #expect(try await outcomes(#"{"jsonrpc":"2.0","method":"scale","params":[7,3],"id":1}"#) == ["21 1"])
        let text = try #require(try await ExampleRouter().answer(#"{"jsonrpc":"2.0","method":"rpc.discover","id":1}"#))
        guard case .array(let methods) = try JSONValue(json: Array(text.utf8))["result"]?["methods"],
            case .array(let params) = methods.first(where: { $0["name"] == "scale" })?["params"]
        else {
            Issue.record("it is not described")
            return
        }
        #expect(params.map { $0["name"] } == ["number", "factor"])
    }

    @Test("knows a method by its name, however it is escaped, and no reserved one but rpc.discover")
    func names() async throws {
        let escaped = #"{"jsonrpc":"2.0","method":"\u0067et_data","id":1}"#
        #expect(try await outcomes(escaped) == [#"["hello",5] 1"#])
        for name in ["rpc.", "rpc.error", "rpc.describe", "GET_DATA", "get_data ", "get_data\\u0000"] {
            #expect(try await outcomes(#"{"jsonrpc":"2.0","method":"\#(name)","id":1}"#) == ["-32601 1"])
        }
    }

    /// Each answer as its result or its error's code, and its id.
    private func outcomes(_ request: String) async throws -> [String] {
        guard let text = try await ExampleRouter().answer(request) else { return [] }
        let answers: [JSONValue]
        if case .array(let all) = try sorted(text) { answers = all } else { answers = [try sorted(text)] }
        return answers.map { answer in
            let id = (answer["id"] ?? .null).json()
            let outcome = (answer["result"] ?? answer["error"]?["code"] ?? .null).json()
            return String(decoding: outcome + [0x20] + id, as: UTF8.self)
        }
    }
}
