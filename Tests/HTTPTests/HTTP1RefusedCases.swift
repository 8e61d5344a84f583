extension HTTP1Case {
    private static func get(_ name: String, _ fields: String, refused: Int = 400) -> Self {
        Self(name, "GET / HTTP/1.1\n\(fields)\n\n", refused: refused)
    }

    private static func post(_ name: String, _ fields: String, _ body: String = "hello", refused: Int = 400) -> Self {
        Self(name, "POST / HTTP/1.1\nHost: a\n\(fields)\n\n\(body)", refused: refused)
    }

    private static func chunks(_ name: String, _ body: String, refused: Int = 400) -> Self {
        post(name, "Transfer-Encoding: chunked", body, refused: refused)
    }

    static let refusedLengths = [
        post("content-length and transfer-encoding", "Content-Length: 5\nTransfer-Encoding: chunked", "0\n\n"),
        post("transfer-encoding and content-length", "Transfer-Encoding: chunked\nContent-Length: 5", "0\n\n"),
        post("two content-lengths", "Content-Length: 5\nContent-Length: 6"),
        post("the same content-length twice", "Content-Length: 5\nContent-Length: 5"),
        post("a list of content-lengths", "Content-Length: 5, 5"),
        post("a sign", "Content-Length: +5"),
        post("a negative length", "Content-Length: -5"),
        post("zeros before a length", "Content-Length: 05"),
        post("a hexadecimal length", "Content-Length: 0x5"),
        post("no length", "Content-Length:"),
        post("a length with a space within", "Content-Length: 1 2"),
        post("a length over 64 bits", "Content-Length: 18446744073709551621"),
        post("a length with a fraction", "Content-Length: 5.0"),
        post("a length over the limit", "Content-Length: 1048577", "", refused: 413),
        post("a space before the colon", "Content-Length : 5"),
        post("an encoding that is not chunked", "Transfer-Encoding: gzip", refused: 501),
        post("chunked twice", "Transfer-Encoding: chunked, chunked", refused: 501),
        post("two encodings", "Transfer-Encoding: chunked\nTransfer-Encoding: identity"),
        post("an encoding in disguise", "Transfer-Encoding: xchunked", refused: 501),
        post("a vertical tab in an encoding", "Transfer-Encoding: \u{b}chunked"),
        post("an encoding in quotes", "Transfer-Encoding: \"chunked\"", refused: 501),
        Self("chunks in 1.0", "POST / HTTP/1.0\nHost: a\nTransfer-Encoding: chunked\n\n0\n\n", refused: 400),
        chunks("a size with a sign", "+5\nhello\n0\n\n"),
        chunks("a size with 0x", "0x5\nhello\n0\n\n"),
        chunks("a size with a space before", " 5\nhello\n0\n\n"),
        chunks("a size with a space behind", "5 ;a\nhello\n0\n\n"),
        chunks("no size", "\nhello\n0\n\n"),
        chunks("a size over 32 bits", "000000005\nhello\n0\n\n"),
        chunks("a size that runs over", "ffffffffffffffff\nhello\n0\n\n"),
        chunks("a chunk over the limit", "100001\nhello", refused: 413),
        chunks("a chunk that is longer than it says", "4\nhello\n0\n\n"),
        chunks("a chunk that is shorter than it says", "6\nhello\n0\n\n"),
        chunks("a control byte in an extension", "5;\u{1}\nhello\n0\n\n"),
        chunks("an extension without an end", "5;" + String(repeating: "a", count: 300), refused: 400),
        chunks(
            "trailers over the limit",
            "0\n" + String(repeating: "X: \(String(repeating: "y", count: 200))\n", count: 80)
        ),
        Self("a size that ends with LF", exactly: chunkedHead + "5\nhello\r\n0\r\n\r\n", refused: 400),
        Self("a size that ends with CR", exactly: chunkedHead + "5\rhello\r\n0\r\n\r\n", refused: 400),
        Self("a chunk that ends with LF", exactly: chunkedHead + "5\r\nhello\n0\r\n\r\n", refused: 400),
        Self("an extension with a CR", exactly: chunkedHead + "5;a\rb\r\nhello\r\n0\r\n\r\n", refused: 400),
        Self("a trailer that ends with LF", exactly: chunkedHead + "0\r\nX: y\n\r\n", refused: 400),
    ]

    private static let chunkedHead = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"

    static let refusedHeads = [
        get("no host", "X: y"),
        get("two hosts", "Host: a\nHost: b"),
        get("the same host twice", "Host: a\nHost: a"),
        get("an empty host", "Host:"),
        get("a host with a path", "Host: a/b"),
        get("a host with a name before it", "Host: a@b"),
        get("a list of hosts", "Host: a, b"),
        get("a folded line", "Host: a\nX: y\n z"),
        get("a folded first line", " Host: a"),
        get("a field without a colon", "Host: a\nX"),
        get("a field without a name", "Host: a\n: y"),
        get("a space in a name", "Host: a\nX Y: z"),
        get("a tab behind a name", "Host: a\nX\t: z"),
        get("a letter that is no ASCII in a name", "Host: a\n\u{fc}: z"),
        get("a NUL in a value", "Host: a\nX: a\0b"),
        get("a control byte in a value", "Host: a\nX: a\u{8}b"),
        get("a DEL in a value", "Host: a\nX: a\u{7f}b"),
        get("an expectation of something else", "Host: a\nExpect: a-miracle", refused: 417),
        get("101 fields", "Host: a" + String(repeating: "\nx: y", count: 100), refused: 431),
        get("a field over the limit", "Host: a\nX: " + String(repeating: "y", count: 16_400), refused: 431),
        Self("no version", "GET /\nHost: a\n\n", refused: 400),
        Self("two spaces", "GET  / HTTP/1.1\nHost: a\n\n", refused: 400),
        Self("a tab for a space", "GET\t/\tHTTP/1.1\nHost: a\n\n", refused: 400),
        Self("a space behind the version", "GET / HTTP/1.1 \nHost: a\n\n", refused: 400),
        Self("a space before the method", " GET / HTTP/1.1\nHost: a\n\n", refused: 400),
        Self("no method", " / HTTP/1.1\nHost: a\n\n", refused: 400),
        Self("a method that is no token", "G(T / HTTP/1.1\nHost: a\n\n", refused: 400),
        Self("version 2.0", "GET / HTTP/2.0\nHost: a\n\n", refused: 505),
        Self("version 1.2", "GET / HTTP/1.2\nHost: a\n\n", refused: 505),
        Self("a version in small letters", "GET / http/1.1\nHost: a\n\n", refused: 505),
        Self("version 1.10", "GET / HTTP/1.10\nHost: a\n\n", refused: 505),
        Self("a target without a slash", "GET a HTTP/1.1\nHost: a\n\n", refused: 400),
        Self("a target with a fragment", "GET /#a HTTP/1.1\nHost: a\n\n", refused: 400),
        Self("a target that is no ASCII", "GET /\u{fc} HTTP/1.1\nHost: a\n\n", refused: 400),
        Self("another scheme", "GET ftp://a/ HTTP/1.1\nHost: a\n\n", refused: 400),
        Self("a target for another host", "GET http://b/ HTTP/1.1\nHost: a\n\n", refused: 400),
        Self("an asterisk for a get", "GET * HTTP/1.1\nHost: a\n\n", refused: 400),
        Self("the authority form", "CONNECT a:443 HTTP/1.1\nHost: a:443\n\n", refused: 400),
        Self("CONNECT with a path", "CONNECT /ws HTTP/1.1\nHost: a\n\n", refused: 400),
        Self("a line of TLS", exactly: "\u{16}\u{3}\u{1}\u{2}\r\n\r\n", refused: 400),
        Self("lines that end with LF", exactly: "GET / HTTP/1.1\nHost: a\n\n", refused: 400),
        Self("one line that ends with LF", exactly: "GET / HTTP/1.1\r\nHost: a\nX: y\r\n\r\n", refused: 400),
        Self("a CR within a line", exactly: "GET / HTTP/1.1\r\nHost: a\rX: y\r\n\r\n", refused: 400),
        Self("a CR before CRLF", exactly: "GET / HTTP/1.1\r\nHost: a\r\r\n\r\n", refused: 400),
        Self("an LF first", exactly: "\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", refused: 400),
    ]
}
