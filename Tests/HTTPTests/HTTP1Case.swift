import Testing

@testable import HTTP

/// What a parser made of some bytes: the requests it read, and how it refused what followed.
struct HTTP1Outcome: Equatable, CustomStringConvertible {
    var requests: [String] = []
    var refusal: Int?

    /// Feeds `bytes` in pieces that end at `cuts`.
    init(_ bytes: [UInt8], cutAt cuts: [Int] = [], limits: HTTPLimits = HTTPLimits()) {
        var parser = HTTP1Parser(limits: limits)
        var start = 0
        do throws(HTTP1Refusal) {
            for end in cuts + [bytes.count] {
                parser.append(bytes[start..<end].span)
                start = end
                while let event = try parser.next() {
                    guard case .request(let head, let body) = event else { continue }
                    requests.append(Self.describe(head, body))
                }
            }
        } catch {
            refusal = error.status
        }
    }

    private static func describe(_ head: HTTP1Head, _ body: [UInt8]) -> String {
        var text = "\(head.method.rawValue) \(head.target.path)"
        if let query = head.target.query { text += "?\(query)" }
        text += " @\(head.authority)"
        if !head.keepsAlive { text += " close" }
        if let upgrade = head.upgrade { text += " upgrade=\(upgrade)" }
        if head.expectsContinue { text += " continue" }
        return text + (body.isEmpty ? "" : " " + String(decoding: body, as: UTF8.self))
    }

    var description: String { "\(requests) \(refusal.map(String.init) ?? "-")" }
}

/// Requests, written with LF where CRLF is sent.
struct HTTP1Case: Sendable, CustomTestStringConvertible {
    var name: String
    var bytes: [UInt8]
    var requests: [String]
    var refusal: Int?

    init(_ name: String, _ text: String, _ requests: [String] = [], refused refusal: Int? = nil) {
        self.name = name
        bytes = Array(text.utf8).flatMap { $0 == 0x0a ? [0x0d, 0x0a] : [$0] }
        self.requests = requests
        self.refusal = refusal
    }

    /// Bytes that are sent as they stand.
    init(_ name: String, exactly text: String, _ requests: [String] = [], refused refusal: Int? = nil) {
        self.init(name, "", requests, refused: refusal)
        bytes = Array(text.utf8)
    }

    var testDescription: String { name }
}

extension HTTP1Case {
    static let accepted = [
        Self("a get", "GET / HTTP/1.1\nHost: a\n\n", ["GET / @a"]),
        Self("a query", "GET /a?b=1&c HTTP/1.1\nHost: a:80\n\n", ["GET /a?b=1&c @a:80"]),
        Self("an empty line before", "\nGET / HTTP/1.1\nHost: a\n\n", ["GET / @a"]),
        Self("three empty lines before", "\n\n\nGET / HTTP/1.1\nHost: a\n\n", ["GET / @a"]),
        Self("spaces around a value", "GET / HTTP/1.1\nHost: \t a \t \n\n", ["GET / @a"]),
        Self("names in any case", "GET / HTTP/1.1\nhOsT:a\nCONTENT-length:2\n\nhi", ["GET / @a hi"]),
        Self("the absolute form", "GET http://a/b?c HTTP/1.1\nHost: a\n\n", ["GET /b?c @a"]),
        Self("the absolute form without a path", "GET http://a HTTP/1.1\nHost: a\n\n", ["GET / @a"]),
        Self("the asterisk form", "OPTIONS * HTTP/1.1\nHost: a\n\n", ["OPTIONS /* @a"]),
        Self("an address of version 6", "GET / HTTP/1.1\nHost: [::1]:80\n\n", ["GET / @[::1]:80"]),
        Self("a body", "POST / HTTP/1.1\nHost: a\nContent-Length: 5\n\nhello", ["POST / @a hello"]),
        Self("an empty body", "POST / HTTP/1.1\nHost: a\nContent-Length: 0\n\n", ["POST / @a"]),
        Self(
            "chunks",
            "POST / HTTP/1.1\nHost: a\nTransfer-Encoding: chunked\n\n3\nhel\n2\nlo\n0\n\n",
            ["POST / @a hello"]
        ),
        Self(
            "chunks with extensions, trailers and zeros before the size",
            "POST / HTTP/1.1\nHost: a\nTransfer-Encoding: Chunked\n\n0005;a=\"b\"\nhello\n000;x\nX: y\nHost: b\n\n",
            ["POST / @a hello"]
        ),
        Self("close", "GET / HTTP/1.1\nHost: a\nConnection: foo, Close\n\n", ["GET / @a close"]),
        Self(
            "close in a second field",
            "GET / HTTP/1.1\nHost: a\nConnection: keep-alive\nConnection: close\n\n",
            ["GET / @a close"]
        ),
        Self("version 1.0", "GET / HTTP/1.0\n\n", ["GET / @ close"]),
        Self("version 1.0 kept alive", "GET / HTTP/1.0\nHost: a\nConnection: keep-alive\n\n", ["GET / @a"]),
        Self(
            "version 1.0 knows no expectation and no upgrade",
            "GET / HTTP/1.0\nHost: a\nExpect: 100-continue\nConnection: upgrade\nUpgrade: websocket\n\n",
            ["GET / @a close"]
        ),
        Self(
            "an upgrade",
            "GET / HTTP/1.1\nHost: a\nConnection: keep-alive, Upgrade\nUpgrade: WebSocket\n\n",
            ["GET / @a upgrade=websocket"]
        ),
        Self(
            "an upgrade that the connection does not name",
            "GET / HTTP/1.1\nHost: a\nUpgrade: websocket\n\n",
            ["GET / @a"]
        ),
        Self(
            "an expectation",
            "POST / HTTP/1.1\nHost: a\nExpect: 100-Continue\nContent-Length: 2\n\nhi",
            ["POST / @a continue hi"]
        ),
        Self(
            "one behind the other",
            "POST /1 HTTP/1.1\nHost: a\nContent-Length: 2\n\nhi\nGET /2 HTTP/1.1\nHost: b\n\n"
                + "POST /3 HTTP/1.1\nHost: c\nTransfer-Encoding: chunked\n\n1\nx\n0\n\nGET /4 HTTP/1.1\nHost: d\n\n",
            ["POST /1 @a hi", "GET /2 @b", "POST /3 @c x", "GET /4 @d"]
        ),
        Self("letters that are no ASCII in a value", "GET / HTTP/1.1\nHost: a\nX: \u{fc}\n\n", ["GET / @a"]),
        Self("a method of its own", "M-SEARCH / HTTP/1.1\nHost: a\n\n", ["M-SEARCH / @a"]),
    ]
}
