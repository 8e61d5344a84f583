import Testing

@testable import HTTP

/// What became of an exchange: the response as one line, or that it was refused.
struct ExchangeOutcome: Equatable, CustomStringConvertible {
    var response: String?
    /// It was refused before the server had closed.
    var isRefusedEarly = false

    /// Feeds `bytes` in pieces that end at `cuts`, and closes.
    init(_ exchange: some HTTPExchange, _ bytes: [UInt8], cutAt cuts: [Int] = []) {
        var start = 0
        do throws(HTTPError) {
            isRefusedEarly = true
            for end in cuts + [bytes.count] {
                try exchange.receive(bytes[start..<end].span)
                _ = try exchange.takeOutput()
                start = end
            }
            isRefusedEarly = false
            try exchange.end()
            response = Self.describe(exchange.response)
        } catch {
            response = nil
        }
    }

    private static func describe(_ response: HTTPExchangeResponse) -> String {
        let fields = response.fields.all.map { "\($0.name)=\($0.value)" }
        let body = String(decoding: response.body, as: UTF8.self)
        let words = ["\(response.status)", response.version] + fields + [body + (response.isBodyCut ? "…" : "")]
        return words.filter { !$0.isEmpty }.joined(separator: " ")
    }

    var description: String { response ?? "refused" }
}

/// Responses, written with LF where CRLF is sent.
struct HTTP1ResponseCase: Sendable, CustomTestStringConvertible {
    var name: String
    var method: String
    var bytes: [UInt8]
    /// `nil` when it is refused.
    var response: String?
    /// Whether a refusal has to wait for the end of the connection.
    var isCutShort = false

    init(_ name: String, _ text: String, to method: String = "GET", _ response: String?) {
        self.name = name
        self.method = method
        bytes = Array(text.utf8).flatMap { $0 == 0x0a ? [0x0d, 0x0a] : [$0] }
        self.response = response
    }

    /// What can only be refused when the connection ends.
    init(cutShort name: String, _ text: String) {
        self.init(name, text, nil)
        isCutShort = true
    }

    /// Bytes that are sent as they stand.
    init(_ name: String, exactly text: String, _ response: String?) {
        self.init(name, "", response)
        bytes = Array(text.utf8)
    }

    func outcome(of bytes: [UInt8]? = nil, cutAt cuts: [Int] = []) -> ExchangeOutcome {
        var request = HTTPExchangeRequest(method, scheme: "http", authority: "a", path: "/")
        request.maximumFieldBytes = 512
        request.maximumBodyBytes = 16
        return ExchangeOutcome(HTTP1Exchange(request), bytes ?? self.bytes, cutAt: cuts)
    }

    var testDescription: String { name }

    static let read: [Self] = [
        Self("a length", "HTTP/1.1 200 OK\nContent-Length: 5\n\nhello", "200 1.1 content-length=5 hello"),
        Self("more than its length", "HTTP/1.1 200 OK\nContent-Length: 2\n\nhello", "200 1.1 content-length=2 he"),
        Self("no length", "HTTP/1.1 200 OK\n\nhello", "200 1.1 hello"),
        Self("no reason", "HTTP/1.1 404\nContent-Length: 0\n\n", "404 1.1 content-length=0"),
        Self("HTTP/1.0", "HTTP/1.0 200 OK\n\nhello", "200 1.0 hello"),
        Self("lines that end with LF", exactly: "HTTP/1.1 200 OK\nX: y\n\nhello", "200 1.1 x=y hello"),
        Self("a folded field", "HTTP/1.1 200 OK\nX: a\n  b\n\tc\nY: d\n\n", "200 1.1 x=a b c y=d"),
        Self("blanks around a value", "HTTP/1.1 200 OK\nX:  \t y \n\n", "200 1.1 x=y"),
        Self("a blank before the colon", "HTTP/1.1 200 OK\nX : y\n\n", "200 1.1 x=y"),
        Self("an empty value", "HTTP/1.1 200 OK\nX:\n\n", "200 1.1 x="),
        Self(
            "chunks",
            "HTTP/1.1 200 OK\nTransfer-Encoding: chunked\n\n2;a=b\nhe\n003\nllo\n0\nX: y\n\n",
            "200 1.1 transfer-encoding=chunked hello"
        ),
        Self(
            "chunks against a length (RFC 9112, section 6.3)",
            "HTTP/1.1 200 OK\nContent-Length: 1\nTransfer-Encoding: gzip, Chunked\n\n2\nhe\n0\n\n",
            "200 1.1 content-length=1 transfer-encoding=gzip, Chunked he"
        ),
        Self(
            "a coding that is not chunked",
            "HTTP/1.1 200 OK\nTransfer-Encoding: gzip\n\nzip",
            "200 1.1 transfer-encoding=gzip zip"
        ),
        Self(
            "one length twice",
            "HTTP/1.1 200 OK\nContent-Length: 2, 2\nContent-Length: 2\n\nhe",
            "200 1.1 content-length=2, 2 content-length=2 he"
        ),
        Self(
            "interim responses",
            "HTTP/1.1 100 Continue\n\nHTTP/1.1 103 Hints\nLink: a\n\nHTTP/1.1 204 No\n\n",
            "204 1.1"
        ),
        Self("the answer to HEAD", "HTTP/1.1 200 OK\nContent-Length: 5\n\n", to: "HEAD", "200 1.1 content-length=5"),
        Self("not modified", "HTTP/1.1 304 Not Modified\nContent-Length: 5\n\n", "304 1.1 content-length=5"),
        Self("more body than is kept", "HTTP/1.1 200 OK\n\n0123456789abcdefg", "200 1.1 0123456789abcdef…"),
        Self(
            "more chunks than are kept",
            "HTTP/1.1 200 OK\nTransfer-Encoding: chunked\n\na\n0123456789\na\nabcdefghij\n",
            "200 1.1 transfer-encoding=chunked 0123456789abcdef…"
        ),
        Self("as much body as is kept", "HTTP/1.1 200 OK\n\n0123456789abcdef", "200 1.1 0123456789abcdef"),
        Self(
            "a body that cannot end",
            "HTTP/1.1 200 OK\nContent-Length: 999999999999999999\n\n0123456789abcdefg",
            "200 1.1 content-length=999999999999999999 0123456789abcdef…"
        ),
    ]

    static let refused: [Self] = [
        Self(cutShort: "nothing", ""), Self("another protocol", "SSH-2.0-OpenSSH\n", nil),
        Self(cutShort: "HTTP/0.9", "<html>hello</html>"), Self("HTTP/2 in text", "HTTP/2 200\n\n", nil),
        Self(cutShort: "half a status line", "HTTP/1.1 20"), Self("a status of two digits", "HTTP/1.1 20 OK\n\n", nil),
        Self("a status that runs on", "HTTP/1.1 2000 OK\n\n", nil),
        Self("a status of zero", "HTTP/1.1 000 OK\n\n", nil),
        Self(cutShort: "half a head", "HTTP/1.1 200 OK\nX: y\n"),
        Self("a field without a colon", "HTTP/1.1 200 OK\nX\n\n", nil),
        Self("a field without a name", "HTTP/1.1 200 OK\n: y\n\n", nil),
        Self("a name that is none", "HTTP/1.1 200 OK\nX Y: z\n\n", nil),
        Self("a zero byte", "HTTP/1.1 200 OK\nX: a\0b\n\n", nil),
        Self("a fold before any field", "HTTP/1.1 200 OK\n X: y\n\n", nil),
        Self(cutShort: "half a body", "HTTP/1.1 200 OK\nContent-Length: 5\n\nhell"),
        Self("two lengths", "HTTP/1.1 200 OK\nContent-Length: 5\nContent-Length: 4\n\nhello", nil),
        Self("a length with a sign", "HTTP/1.1 200 OK\nContent-Length: +5\n\nhello", nil),
        Self("a length below zero", "HTTP/1.1 200 OK\nContent-Length: -1\n\nhello", nil),
        Self("a length over all bounds", "HTTP/1.1 200 OK\nContent-Length: 99999999999999999999\n\nhello", nil),
        Self("no length after all", "HTTP/1.1 200 OK\nContent-Length: \n\nhello", nil),
        Self(cutShort: "half a chunk", "HTTP/1.1 200 OK\nTransfer-Encoding: chunked\n\n5\nhel"),
        Self(cutShort: "chunks without an end", "HTTP/1.1 200 OK\nTransfer-Encoding: chunked\n\n2\nhe\n"),
        Self("a chunk with a sign", "HTTP/1.1 200 OK\nTransfer-Encoding: chunked\n\n+2\nhe\n0\n\n", nil),
        Self("a chunk without a size", "HTTP/1.1 200 OK\nTransfer-Encoding: chunked\n\n\nhe\n0\n\n", nil),
        Self("a chunk over all bounds", "HTTP/1.1 200 OK\nTransfer-Encoding: chunked\n\n7fffffffffffffff1\n", nil),
        Self("a chunk that is longer than it said", "HTTP/1.1 200 OK\nTransfer-Encoding: chunked\n\n1\nhe\n0\n\n", nil),
        Self(
            "a chunk whose line does not end",
            "HTTP/1.1 200 OK\nTransfer-Encoding: chunked\n\n1;" + String(repeating: "x", count: 300),
            nil
        ),
        Self("a switch to another protocol", "HTTP/1.1 101 Switching\nUpgrade: x\n\n", nil),
        Self("a line that does not end", "HTTP/1.1 200 " + String(repeating: "x", count: 600), nil),
        Self("more fields than are taken", "HTTP/1.1 200 OK\n" + String(repeating: "X: y\n", count: 100) + "\n", nil),
        Self(
            "interim responses without end",
            String(repeating: "HTTP/1.1 103 Hints\n\n", count: 30) + "HTTP/1.1 200 OK\n\n",
            nil
        ),
        Self(
            "trailers without end",
            "HTTP/1.1 200 OK\nTransfer-Encoding: chunked\n\n0\n" + String(repeating: "X: y\n", count: 100) + "\n",
            nil
        ),
    ]
}
