import JSON
import Observability
import Synchronization
import Testing

@testable import JSONRPC

/// Keeps the lines of a stream.
final class Lines: RPCLineSink {
    private let lines = Mutex<[String]>([])

    var text: String { lines.withLock { $0.joined(separator: "\n") } }

    func send(line: [UInt8]) async throws {
        lines.withLock { $0.append(String(decoding: line, as: UTF8.self)) }
    }
}

@Suite("JSON-RPC router")
struct RouterTests {
    private func call(_ method: String, _ a: Int, _ b: Int) -> String {
        #"{"jsonrpc":"2.0","method":"\#(method)","params":[\#(a),\#(b)],"id":1}"#
    }

    @Test("keeps an internal error from the caller, and logs it once")
    func internalError() async throws {
        let example = ExampleRouter()
        let answer = try #require(try await example.answer(call("broken", 1, 2)))
        #expect(answer.contains("-32603"))
        #expect(!answer.contains("disk"))
        #expect(example.sink.lines.filter { $0.contains("the disk is full") }.count == 1)
    }

    @Test("passes an error of the contract on with its data, and logs nothing")
    func knownError() async throws {
        let example = ExampleRouter()
        #expect(
            try await example.answer(call("busy", 1, 2))
                == #"{"jsonrpc":"2.0","error":{"code":-32005,"message":"later","data":{"retry_after_ms":5}},"id":1}"#
        )
        #expect(example.sink.lines == [])
    }

    @Test("counts calls by method and code, and no names that callers made up")
    func metrics() async throws {
        let example = ExampleRouter()
        for name in ["subtract", "subtract", "broken", "invented"] { _ = try await example.answer(call(name, 1, 2)) }
        let page = String(decoding: example.metrics.text(), as: UTF8.self)
        #expect(page.contains(#"sonde_rpc_requests_total{method="subtract",code="0"} 2"#))
        #expect(page.contains(#"sonde_rpc_requests_total{method="broken",code="-32603"} 1"#))
        #expect(page.contains(#"sonde_rpc_seconds_count{method="subtract"} 2"#))
        #expect(!page.contains("invented"))
    }

    @Test("sends the result of a stream first, and then its elements")
    func stream() async throws {
        #expect(
            try await ExampleRouter().answer(call("ticks", 2, 0)) == """
                {"jsonrpc":"2.0","result":2,"id":1}
                {"jsonrpc":"2.0","method":"ticks","params":0}
                {"jsonrpc":"2.0","method":"ticks","params":1}
                """
        )
    }

    @Test("ends a stream that fails with rpc.error")
    func failingStream() async throws {
        let answer = try await ExampleRouter().answer(call("ticks", 0, 1))
        let last = #"{"jsonrpc":"2.0","method":"rpc.error","params":{"code":-32004,"message":"enough"}}"#
        #expect(answer?.hasSuffix("\n" + last) == true)
    }

    @Test("keeps an internal error of a stream from the caller, and logs it once")
    func internalStreamError() async throws {
        let example = ExampleRouter()
        let answer = try await example.answer(call("ticks", 0, 2))
        let last = #"{"jsonrpc":"2.0","method":"rpc.error","params":{"code":-32603,"message":"internal error"}}"#
        #expect(answer?.hasSuffix("\n" + last) == true)
        #expect(example.sink.lines.filter { $0.contains("the disk is full") }.count == 1)
    }

    @Test("gives a caller in the same process the elements of a stream, and throws what ends it too early")
    func follow() async throws {
        let router = ExampleRouter().router
        let descriptor = try #require(router.descriptors.first { $0.name == "ticks" })
        var random = SplitMix64(seed: 1)
        let context = CallContext(trace: .random(using: &random))
        for (params, count, code) in [("[3,0]", 3, RPCError.Code?.none), ("[0,1]", 0, .conflict)] {
            let reply = try await router.follow(descriptor, raw: Array(params.utf8)[...], context: context)
            let ticks = Mutex<[Int]>([])
            do {
                try await reply.stream?.elements { (tick: JSONValue) in
                    if case .int(let tick) = tick { ticks.withLock { $0.append(tick) } }
                }
                #expect(code == nil)
            } catch let error as RPCError {
                #expect(error.code == code)
            }
            #expect(ticks.withLock { $0 } == Array(0..<count))
        }
        await #expect(throws: RPCError.self) {
            _ = try await router.follow(descriptor, raw: Array(#"{"count":"x"}"#.utf8)[...], context: context)
        }
    }

    @Test("refuses a stream within a batch")
    func streamInBatch() async throws {
        #expect(try await ExampleRouter().answer("[\(call("ticks", 1, 0))]")?.contains("-32600") == true)
    }

    @Test("describes exactly what it answers as OpenRPC")
    func discover() async throws {
        let example = ExampleRouter(authorizer: CallerList())
        let text = try #require(try await example.answer(#"{"jsonrpc":"2.0","method":"rpc.discover","id":1}"#))
        let document = try #require(try sorted(text)["result"])
        #expect(document["openrpc"] == "1.2.6")
        #expect(document["info"]?["title"] == "test")
        guard case .array(let methods)? = document["methods"] else {
            Issue.record("no methods")
            return
        }
        let names = methods.compactMap { method in if case .string(let name)? = method["name"] { name } else { nil } }
        #expect(names.sorted() == (example.router.descriptors.map(\.name) + ["rpc.discover"]).sorted())
        for method in methods {
            #expect(method["result"]?["schema"] != nil)
            guard case .array(let params)? = method["params"] else {
                Issue.record("params are an array")
                continue
            }
            for param in params { #expect(param["name"] != nil && param["schema"] != nil) }
        }
    }

    @Test("lets nobody call who is not listed")
    func callers() async throws {
        #expect(
            try await ExampleRouter(authorizer: CallerList()).answer(call("subtract", 1, 2))?.contains("-32001") == true
        )
    }

    @Test("counts an error of positional params as one of its method")
    func countsPositional() async throws {
        let example = ExampleRouter()
        _ = try await example.answer(#"{"jsonrpc": "2.0", "method": "subtract", "params": [1, 2, 3], "id": 1}"#)
        let text = String(decoding: example.metrics.text(), as: UTF8.self)
        #expect(text.contains(#"sonde_rpc_requests_total{method="subtract",code="-32602"} 1"#))
    }

    @Test(
        "names the member of the params that is wrong",
        arguments: [
            (#"{"minuend": 1, "subtrahend": "2"}"#, "subtrahend"), (#"{"minuend": 1}"#, "subtrahend"),
            (#"[1, 2.5]"#, "subtrahend"), ("[1, 2, 3]", nil),
        ] as [(String, String?)]
    )
    func namesField(params: String, field: String?) async throws {
        let request = #"{"jsonrpc": "2.0", "method": "subtract", "params": \#(params), "id": 1}"#
        let answer = try JSONValue(json: Array(try #require(try await ExampleRouter().answer(request)).utf8))
        #expect(answer["error"]?["code"] == -32602)
        #expect(answer["error"]?["data"]?["field"] == field.map { .string($0) })
    }

    @Test("gives a handler that does not await the context of its call, alone and in a batch")
    func context() async throws {
        var router = RPCRouter(title: "test", authorizer: OpenDoor(), log: Log(label: "test", sink: MemorySink()))
        let method = RPCMethod<Empty, JSONValue>("who", "Says who calls.", of: RPCPeer(rawValue: "test"))
        router.handle(method) { _ in .string(CallContext.current?.address ?? "") }
        var random = SystemRandomNumberGenerator()
        let trace = TraceContext.random(using: &random)
        let single = #"{"jsonrpc":"2.0","method":"who","id":1}"#
        await CallContext.$ofTask.withValue(CallContext(trace: trace, address: "outer")) {
            for message in [single, "[\(single),\(single)]"] {
                let context = CallContext(trace: trace, address: "inner")
                guard case .message(let reply) = await router.respond(to: Array(message.utf8), context: context) else {
                    Issue.record("no message")
                    return
                }
                let text = String(decoding: reply, as: UTF8.self)
                #expect(text.contains("inner") && !text.contains("outer"))
            }
            #expect(CallContext.current?.address == "outer")
        }
    }

    @Test("says nothing of the params to those who may not call", arguments: ["[1, 2, 3]", #"{"a": "x"}"#])
    func refusesFirst(params: String) async throws {
        let request = #"{"jsonrpc": "2.0", "method": "subtract", "params": \#(params), "id": 1}"#
        #expect(try await ExampleRouter(authorizer: CallerList()).answer(request)?.contains("-32001") == true)
        #expect(try await ExampleRouter().answer(request)?.contains("-32602") == true)
    }
}

private enum Colour: String, Codable, CaseIterable, JSONSchemaProviding { case red, green }

private struct Inner: Codable { var a: Int }

private struct Shapes: Codable, RPCPayload {
    var flag: Bool
    var text: String?
    var colour: Colour
    var inner: Inner
    var list: [Inner]
    var table: [String: Double]
    var nested: [[Int]]?
    var gaps: [Double?]
}

@Suite("JSON schema")
struct SchemaTests {
    @Test("is read off a decoder")
    func reflection() {
        let inner = JSONSchema.object(name: "Inner", [.init("a", .integer)])
        #expect(
            Shapes.schema
                == .object(
                    name: "Shapes",
                    [
                        .init("flag", .boolean), .init("text", .string, isRequired: false),
                        .init("colour", .string(choices: ["red", "green"])), .init("inner", inner),
                        .init("list", .array(inner)), .init("table", .dictionary(.number)),
                        .init("nested", .array(.array(.integer)), isRequired: false),
                        .init("gaps", .array(.nullable(.number))),
                    ]
                )
        )
    }
}
