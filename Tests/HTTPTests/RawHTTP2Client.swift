import Synchronization

/// A frame of HTTP/2 (RFC 9113, section 4.1).
struct Frame: Sendable {
    enum Kind: UInt8 {
        case data, headers, priority, reset, settings, pushPromise, ping, goAway, windowUpdate, continuation
    }

    static let endStream: UInt8 = 1
    static let endHeaders: UInt8 = 4

    var type: UInt8
    var flags: UInt8 = 0
    var stream: Int = 0
    var payload: [UInt8] = []

    init(_ kind: Kind, flags: UInt8 = 0, stream: Int = 0, _ payload: [UInt8] = []) {
        self.init(type: kind.rawValue, flags: flags, stream: stream, payload)
    }

    init(type: UInt8, flags: UInt8, stream: Int, _ payload: [UInt8]) {
        (self.type, self.flags, self.stream, self.payload) = (type, flags, stream, payload)
    }

    var kind: Kind? { Kind(rawValue: type) }

    /// The 32-bit number at `offset` of the payload.
    func number(at offset: Int = 0) -> Int {
        payload[offset..<offset + 4].reduce(0) { $0 << 8 | Int($1) }
    }

    var bytes: [UInt8] {
        Array(bigEndian: payload.count).dropFirst() + [type, flags] + Array(bigEndian: stream) + payload
    }
}

extension [UInt8] {
    /// Four bytes.
    init(bigEndian number: Int) {
        self = [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: number >> $0) }
    }
}

/// Header fields as HPACK literals that are not indexed (RFC 7541, section 6.2.2).
func literals(_ fields: [(String, String)]) -> [UInt8] {
    fields.flatMap { name, value in [0] + hpackString(name) + hpackString(value) }
}

func hpackString(_ text: String) -> [UInt8] {
    hpackInteger(text.utf8.count, prefix: 7) + Array(text.utf8)
}

/// A number with a prefix of so many bits (section 5.1).
private func hpackInteger(_ number: Int, prefix: Int) -> [UInt8] {
    let most = 1 << prefix - 1
    guard number >= most else { return [UInt8(number)] }
    var bytes = [UInt8(most)]
    var rest = number - most
    while rest >= 128 {
        bytes.append(UInt8(rest & 127 | 128))
        rest >>= 7
    }
    return bytes + [UInt8(rest)]
}

/// A client that sends any frames at all.
final class RawHTTP2Client: Sendable {
    private let client: RawClient

    convenience init(_ server: TestServer, settings: [(id: Int, value: Int)] = []) async throws {
        await self.init(over: try server.client(), settings: settings)
    }

    /// Says its first word on a connection that there is.
    init(over client: RawClient, settings: [(id: Int, value: Int)] = []) async {
        self.client = client
        let payload = settings.flatMap { Array(bigEndian: $0.id).suffix(2) + Array(bigEndian: $0.value) }
        await client.send(Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8) + Frame(.settings, payload).bytes)
    }

    func send(_ frames: Frame...) async {
        await send(frames)
    }

    func send(_ frames: [Frame]) async {
        await client.send(frames.flatMap(\.bytes))
    }

    /// A request without a body.
    static func get(_ path: String, stream: Int, _ fields: [(String, String)] = []) -> Frame {
        head("GET", path, stream: stream, flags: Frame.endHeaders | Frame.endStream, fields)
    }

    static func head(
        _ method: String,
        _ path: String,
        stream: Int,
        flags: UInt8 = Frame.endHeaders,
        _ fields: [(String, String)] = []
    ) -> Frame {
        let pseudo = [(":method", method), (":scheme", "http"), (":authority", "a"), (":path", path)]
        return Frame(.headers, flags: flags, stream: stream, literals(pseudo + fields))
    }

    /// The next frame; `nil` when the server has closed.
    func next() async -> Frame? {
        let head = await client.read(9)
        guard head.count == 9 else { return nil }
        let length = head[..<3].reduce(0) { $0 << 8 | Int($1) }
        let stream = head[5...].reduce(0) { $0 << 8 | Int($1) }
        let payload = await client.read(length)
        return Frame(type: head[3], flags: head[4], stream: stream, payload)
    }

    /// The next frame of a kind; `nil` when there is none before the server closes.
    func next(_ kind: Frame.Kind) async -> Frame? {
        while let frame = await next() {
            if frame.kind == kind { return frame }
        }
        return nil
    }

    /// Returns when the server has worked off all that was sent; the frames that came meanwhile.
    func roundTrip() async -> [Frame] {
        await send(Frame(.ping, [1, 2, 3, 4, 5, 6, 7, 8]))
        var frames: [Frame] = []
        while let frame = await next() {
            if frame.kind == .ping, frame.flags == 1 { break }
            frames.append(frame)
        }
        return frames
    }

    func close() {
        client.reset()
    }
}
