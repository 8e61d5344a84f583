import TLS

/// The opening handshake of a WebSocket (RFC 6455, section 4; over HTTP/2 RFC 8441).
public enum WebSocketHandshake {
    /// Why a request is no proper opening handshake, as the answer to send; `nil` when it is one.
    public static func refusal(of request: HTTPRequest) -> HTTPResponse? {
        guard request.upgrade == "websocket" else {
            return .text(426, "this address speaks WebSocket")
        }
        guard request.fields["sec-websocket-version"] == "13" else {
            return HTTPResponse(status: 426, fields: ["sec-websocket-version": "13"])
        }
        guard request.method == .get || request.method == .connect else {
            return HTTPResponse(status: 405, fields: ["allow": "GET"])
        }
        // Over HTTP/2 there is no key: the protocol is agreed on in the settings.
        if request.method == .get {
            let key = request.fields["sec-websocket-key"] ?? ""
            guard isKey(key) else { return .text(400, "sec-websocket-key is not a key") }
        }
        return nil
    }

    /// Whether a text is the Base64 of 16 bytes.
    private static func isKey(_ text: String) -> Bool {
        guard text.utf8.count == 24, text.hasSuffix("==") else { return false }
        return text.utf8.dropLast(2).allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "+"), UInt8(ascii: "/"):
                true
            default:
                false
            }
        }
    }

    /// The answer to a client's key (section 4.2.2).
    static func accept(_ key: String) -> String {
        base64(sha1(Array((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").utf8)))
    }
}

/// Base64 with padding (RFC 4648, section 4).
func base64(_ bytes: [UInt8]) -> String {
    let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
    var text: [UInt8] = []
    for start in stride(from: 0, to: bytes.count, by: 3) {
        let group = bytes[start..<min(start + 3, bytes.count)]
        let bits = group.reduce(0) { $0 << 8 | Int($1) } << (8 * (3 - group.count))
        for index in 0..<4 {
            text.append(index <= group.count ? alphabet[bits >> (18 - 6 * index) & 63] : UInt8(ascii: "="))
        }
    }
    return String(decoding: text, as: UTF8.self)
}
