/// Reads requests off the bytes of one HTTP/1.1 connection; pure, so that it can be tested and fuzzed without one.
struct HTTP1Parser {
    enum Event {
        /// The client waits for a word before it sends the body.
        case expectsContinue
        case request(HTTP1Head, body: [UInt8])
    }

    private enum State {
        case head
        case body(HTTP1Head, left: Int)
        case chunkSize(HTTP1Head)
        case chunk(HTTP1Head, left: Int)
        case chunkEnd(HTTP1Head)
        case trailers(HTTP1Head)
    }

    private let limits: HTTPLimits
    private var state = State.head
    private var buffer: [UInt8] = []
    private var start = 0
    private var body: [UInt8] = []
    private var trailerBytes = 0

    init(limits: HTTPLimits) {
        self.limits = limits
    }

    /// Bytes that were received and belong to no request yet.
    var pending: Int { buffer.count - start }

    /// Bytes in memory, those of requests that are done included.
    var retained: Int { buffer.count }

    /// Whether a request has begun and is not whole.
    var isWithinRequest: Bool {
        if case .head = state { pending > 0 } else { true }
    }

    mutating func append(_ bytes: Span<UInt8>) {
        // What is done goes, even when the bytes never end where a request does.
        buffer.removeFirst(start)
        start = 0
        unsafe bytes.withUnsafeBufferPointer { unsafe buffer.append(contentsOf: $0) }
    }

    /// What comes after the requests: the bytes of a tunnel.
    mutating func takeRest() -> [UInt8] {
        let rest = Array(buffer[start...])
        buffer = []
        start = 0
        return rest
    }

    /// The next event; `nil` when more bytes are needed.
    mutating func next() throws(HTTP1Refusal) -> Event? {
        while true {
            switch state {
            case .head:
                guard let head = try nextHead() else { return nil }
                try begin(head)
                if head.expectsContinue, head.length != .bytes(0), pending == 0 { return .expectsContinue }
            case .body(let head, let left):
                let count = take(left)
                guard count == left else {
                    state = .body(head, left: left - count)
                    return nil
                }
                return finish(head)
            case .chunkSize(let head):
                guard let line = try nextLine(limit: 256) else { return nil }
                try beginChunk(head, line)
            case .chunk(let head, let left):
                let count = take(left)
                state = count == left ? .chunkEnd(head) : .chunk(head, left: left - count)
                guard count == left else { return nil }
            case .chunkEnd(let head):
                guard pending >= 2 else { return nil }
                guard buffer[start] == 0x0d, buffer[start + 1] == 0x0a else {
                    throw HTTP1Refusal(400, "a chunk does not end where it said")
                }
                start += 2
                state = .chunkSize(head)
            case .trailers(let head):
                guard let line = try nextLine(limit: limits.fieldBytes - trailerBytes) else { return nil }
                trailerBytes += line.count + 32
                guard line.isEmpty else { continue }
                return finish(head)
            }
        }
    }

    private mutating func nextHead() throws(HTTP1Refusal) -> HTTP1Head? {
        // A client may send empty lines before a request (RFC 9112, section 2.2).
        while pending >= 2, buffer[start] == 0x0d, buffer[start + 1] == 0x0a { start += 2 }
        let bytes = buffer[start...]
        guard let end = Self.endOfHead(bytes) else {
            // Refused as soon as it can be told: a line may never end.
            let isBare = bytes.indices.contains { index in
                bytes[index] == 0x0a && (index == bytes.startIndex || bytes[index - 1] != 0x0d)
            }
            guard !isBare else { throw HTTP1Refusal(400, "a line does not end with CRLF") }
            guard bytes.count <= limits.fieldBytes else { throw HTTP1Refusal(431, "the head is too large") }
            return nil
        }
        guard end - start <= limits.fieldBytes else { throw HTTP1Refusal(431, "the head is too large") }
        let head = try HTTP1Head(buffer[start..<end], limits: limits)
        start = end + 2
        return head
    }

    /// Where the empty line begins that ends a head.
    private static func endOfHead(_ bytes: ArraySlice<UInt8>) -> Int? {
        var from = bytes.startIndex
        while let end = bytes[from...].firstIndex(of: 0x0a) {
            let next = end + 1
            if next + 1 < bytes.endIndex, bytes[next] == 0x0d, bytes[next + 1] == 0x0a { return next }
            from = next
        }
        return nil
    }

    private mutating func begin(_ head: HTTP1Head) throws(HTTP1Refusal) {
        body = []
        trailerBytes = 0
        switch head.length {
        case .chunked:
            state = .chunkSize(head)
        case .bytes(let count):
            guard count <= limits.bodyBytes else {
                throw HTTP1Refusal(413, "the body is over \(limits.bodyBytes) bytes")
            }
            state = .body(head, left: count)
        }
    }

    private mutating func beginChunk(_ head: HTTP1Head, _ line: ArraySlice<UInt8>) throws(HTTP1Refusal) {
        let digits = line.prefix { $0 != UInt8(ascii: ";") }
        guard (1...8).contains(digits.count), let size = Self.hexadecimal(digits),
            line.allSatisfy({ $0 >= 0x20 && $0 < 0x7f || $0 == 0x09 })
        else { throw HTTP1Refusal(400, "a chunk has no proper size") }
        guard body.count + size <= limits.bodyBytes else {
            throw HTTP1Refusal(413, "the body is over \(limits.bodyBytes) bytes")
        }
        state = size == 0 ? .trailers(head) : .chunk(head, left: size)
    }

    static func hexadecimal(_ digits: ArraySlice<UInt8>) -> Int? {
        var value = 0
        for digit in digits {
            switch digit {
            case 0x30...0x39: value = value << 4 | Int(digit - 0x30)
            case 0x61...0x66: value = value << 4 | Int(digit - 0x57)
            case 0x41...0x46: value = value << 4 | Int(digit - 0x37)
            default: return nil
            }
        }
        return value
    }

    private mutating func finish(_ head: HTTP1Head) -> Event {
        state = .head
        let whole = body
        body = []
        return .request(head, body: whole)
    }

    /// Moves at most `count` bytes to the body.
    private mutating func take(_ count: Int) -> Int {
        let taken = min(count, pending)
        body.append(contentsOf: buffer[start..<start + taken])
        start += taken
        return taken
    }

    /// A line without its CRLF; `nil` when it is not whole.
    private mutating func nextLine(limit: Int) throws(HTTP1Refusal) -> ArraySlice<UInt8>? {
        let bytes = buffer[start...]
        guard let end = bytes.firstIndex(of: 0x0a) else {
            guard bytes.count <= limit else { throw HTTP1Refusal(400, "a line of a chunked body is too long") }
            return nil
        }
        guard end > start, buffer[end - 1] == 0x0d, end - start <= limit + 1 else {
            throw HTTP1Refusal(400, "a line of a chunked body does not end with CRLF")
        }
        let line = buffer[start..<end - 1]
        guard !line.contains(0x0d) else { throw HTTP1Refusal(400, "a CR stands by itself") }
        start = end + 1
        return line
    }
}
