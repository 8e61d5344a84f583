import EventLoop
import Observability
import Testing

@testable import HTTP

@Suite("An exchange over HTTP/1.1")
struct HTTP1ExchangeTests {
    @Test("reads what is a response", arguments: HTTP1ResponseCase.read)
    func read(response: HTTP1ResponseCase) {
        #expect(response.outcome().response == response.response)
    }

    @Test("refuses what is none, or is of doubtful length", arguments: HTTP1ResponseCase.refused)
    func refused(response: HTTP1ResponseCase) {
        let outcome = response.outcome()
        #expect(outcome.response == nil)
        #expect(outcome.isRefusedEarly != response.isCutShort)
    }

    @Test("reads the same wherever the bytes are cut", arguments: HTTP1ResponseCase.read + HTTP1ResponseCase.refused)
    func cut(response: HTTP1ResponseCase) {
        let whole = response.outcome()
        for cut in response.bytes.indices.dropFirst() {
            #expect(response.outcome(cutAt: [cut]) == whole, "cut at \(cut)")
        }
        #expect(response.outcome(cutAt: Array(response.bytes.indices.dropFirst())) == whole, "byte by byte")
    }

    @Test("reads changed responses the same in one piece and in many", arguments: 0..<8)
    func mutated(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        for response in HTTP1ResponseCase.read + HTTP1ResponseCase.refused where !response.bytes.isEmpty {
            for _ in 0..<20 {
                let (bytes, cuts) = response.bytes.changed(&random)
                #expect(response.outcome(of: bytes, cutAt: cuts) == response.outcome(of: bytes), "\(cuts) of \(bytes)")
            }
        }
    }

    @Test("sends method, path, host, fields, length and body")
    func request() throws {
        let request = HTTPExchangeRequest(
            "POST",
            scheme: "http",
            authority: "a.example:81",
            path: "/p?q",
            fields: [("X-One", "1"), ("Accept", "*/*")],
            body: Array("{}".utf8)
        )
        let exchange = HTTP1Exchange(request)
        let output = String(decoding: try exchange.takeOutput(), as: UTF8.self)
        #expect(
            output
                == "POST /p?q HTTP/1.1\r\nHost: a.example:81\r\nX-One: 1\r\nAccept: */*\r\nContent-Length: 2\r\n\r\n{}"
        )
        #expect(try exchange.takeOutput().isEmpty)
    }
}

@Suite("An exchange over HTTP/2")
struct HTTP2ExchangeTests {
    private static let settings = Frame(.settings)

    private static func head(_ fields: [(String, String)], ends: Bool = false) -> Frame {
        Frame(.headers, flags: Frame.endHeaders | (ends ? Frame.endStream : 0), stream: 1, literals(fields))
    }

    private static func data(_ text: String, ends: Bool = true) -> Frame {
        Frame(.data, flags: ends ? Frame.endStream : 0, stream: 1, Array(text.utf8))
    }

    /// What becomes of a GET whose server sends `frames`, cut into pieces of `size` bytes.
    private func outcome(_ frames: [Frame], inPiecesOf size: Int = .max, method: String = "GET") throws
        -> ExchangeOutcome
    {
        var request = HTTPExchangeRequest(method, scheme: "https", authority: "a", path: "/")
        request.maximumFieldBytes = 512
        request.maximumBodyBytes = 16
        let exchange = try HTTP2Exchange(request, on: EventLoop(name: "exchange"))
        defer { exchange.close() }
        _ = try exchange.takeOutput()
        let bytes = frames.flatMap(\.bytes)
        return ExchangeOutcome(
            exchange,
            bytes,
            cutAt: size == .max ? [] : Array(stride(from: size, to: bytes.count, by: size))
        )
    }

    @Test("reads a response, wherever its bytes are cut", arguments: [Int.max, 1, 2, 7])
    func read(size: Int) throws {
        let frames = [Self.settings, Self.head([(":status", "200"), ("x", "y")]), Self.data("hello")]
        #expect(try outcome(frames, inPiecesOf: size).response == "200 2 x=y hello")
    }

    @Test("reads a response without a body, behind interim ones, with trailers, or longer than is kept")
    func kinds() throws {
        let ok = (":status", "200")
        #expect(try outcome([Self.settings, Self.head([ok], ends: true)]).response == "200 2")
        let blanks = Self.head([ok, ("x", " y\t"), ("z", "")], ends: true)
        #expect(try outcome([Self.settings, blanks]).response == "200 2 x=y z=")
        let hints = Self.head([(":status", "103"), ("link", "a")])
        #expect(try outcome([Self.settings, hints, hints, Self.head([ok], ends: true)]).response == "200 2")
        let trailers = Self.head([("x", "y")], ends: true)
        let whole = [Self.settings, Self.head([ok]), Self.data("hello", ends: false), trailers]
        #expect(try outcome(whole).response == "200 2 hello")
        let long = [Self.settings, Self.head([ok]), Self.data("0123456789abcdefg", ends: false)]
        #expect(try outcome(long).response == "200 2 0123456789abcdef…")
        let length = Self.head([ok, ("content-length", "5")], ends: true)
        #expect(try outcome([Self.settings, length], method: "HEAD").response == "200 2 content-length=5")
    }

    @Test("refuses what is no response")
    func refused() throws {
        let ok = (":status", "200")
        let cases: [(String, [Frame])] = [
            ("nothing", []), ("nothing but settings", [Self.settings]),
            ("half a body", [Self.settings, Self.head([ok]), Self.data("he", ends: false)]),
            ("a reset", [Self.settings, Frame(.reset, stream: 1, Array(bigEndian: 2))]),
            ("a goodbye", [Self.settings, Frame(.goAway, Array(bigEndian: 0) + Array(bigEndian: 0))]),
            ("a body before its head", [Self.settings, Self.data("hello")]),
            ("no status", [Self.settings, Self.head([("x", "y")], ends: true)]),
            ("another length", [Self.settings, Self.head([ok, ("content-length", "9")]), Self.data("hello")]),
            ("a field of HTTP/1.1", [Self.settings, Self.head([ok, ("connection", "close")], ends: true)]),
            ("a name in capitals", [Self.settings, Self.head([ok, ("X", "y")], ends: true)]),
            (
                "a push",
                [
                    Self.settings, Frame(.settings, flags: 1),
                    Frame(.pushPromise, flags: 4, stream: 1, Array(bigEndian: 2) + literals([])),
                ]
            ),
            (
                "fields over the limit",
                [Self.settings, Self.head([ok, ("x", String(repeating: "y", count: 600))], ends: true)]
            ),
            (
                "interim heads without end",
                [Self.settings] + Array(repeating: Self.head([(":status", "103"), ("link", "a")]), count: 200)
                    + [Self.head([ok], ends: true)]
            ),
        ]
        for (name, frames) in cases {
            let outcome = try outcome(frames)
            #expect(outcome.response == nil, "\(name)")
            let isCutShort = ["nothing", "nothing but settings", "half a body"].contains(name)
            #expect(outcome.isRefusedEarly != isCutShort, "\(name)")
        }
        let text = Array("HTTP/1.1 200 OK\r\n\r\n".utf8)
        let request = HTTPExchangeRequest("GET", scheme: "https", authority: "a", path: "/")
        let exchange = try HTTP2Exchange(request, on: EventLoop(name: "exchange"))
        defer { exchange.close() }
        #expect(ExchangeOutcome(exchange, text).isRefusedEarly)
    }

    @Test("bears frames with changed bytes", arguments: 0..<8)
    func mutated(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        let frames = [Self.settings, Self.head([(":status", "200"), ("x", "y")]), Self.data("hello")]
        let request = HTTPExchangeRequest("GET", scheme: "https", authority: "a", path: "/")
        for _ in 0..<100 {
            var bytes = frames.flatMap(\.bytes)
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
            }
            let exchange = try HTTP2Exchange(request, on: EventLoop(name: "exchange"))
            defer { exchange.close() }
            _ = ExchangeOutcome(exchange, bytes)
            _ = try? exchange.takeOutput()
        }
    }

    @Test("leaves out fields that HTTP/2 has its own form of")
    func request() throws {
        let fields = [("Connection", "close"), ("Host", "b"), ("Content-Length", "9"), ("X-One", " 1\t")]
        let request = HTTPExchangeRequest("GET", scheme: "https", authority: "a", path: "/", fields: fields)
        let sent = HTTP2Exchange.fields(of: request).all.map { "\($0.name)=\($0.value)" }
        #expect(sent == [":method=GET", ":scheme=https", ":authority=a", ":path=/", "x-one=1"])
    }
}
