/// Reads the response to one request off the bytes of a connection (RFC 9112).
///
/// As forgiving as the RFC lets a client be: lines may end with LF alone, and a field may go on in the next line. What
/// leaves the length of the body open to more than one reading is refused.
struct HTTP1ResponseReader {
    private enum State {
        case statusLine
        case fields
        case body(left: Int)
        case chunkSize
        case chunk(left: Int)
        case chunkEnd
        case trailers
        case untilEnd
        case complete
    }

    private static let chunkLineBytes = 256

    private(set) var response = HTTPExchangeResponse()
    private(set) var hasBegun = false
    private let isHead: Bool
    private let maximumFieldBytes: Int
    private let maximumBodyBytes: Int
    private var state = State.statusLine
    /// A line that is not whole.
    private var line: [UInt8] = []
    /// The last field, which the next line may go on with.
    private var field: (name: String, value: [UInt8])?
    /// Bytes of heads and trailers.
    private var fieldBytes = 0

    init(_ request: HTTPExchangeRequest) {
        isHead = request.method == "HEAD"
        maximumFieldBytes = request.maximumFieldBytes
        maximumBodyBytes = request.maximumBodyBytes
    }

    var isComplete: Bool {
        if case .complete = state { true } else { false }
    }

    /// The body may begin.
    var isHeadComplete: Bool {
        switch state {
        case .statusLine, .fields: false
        case .body, .chunkSize, .chunk, .chunkEnd, .trailers, .untilEnd, .complete: true
        }
    }

    /// Takes the bytes of the body that came so far.
    mutating func takeBody() -> [UInt8] {
        defer { response.body = [] }
        return response.body
    }

    mutating func receive(_ bytes: Span<UInt8>) throws(HTTPError) {
        var rest = 0..<bytes.count
        while !rest.isEmpty {
            hasBegun = true
            switch state {
            case .complete: return
            case .untilEnd: rest = keep(bytes, rest, .max).rest
            case .body(let left):
                let count: Int
                (count, rest) = keep(bytes, rest, left)
                if !isComplete { state = count == left ? .complete : .body(left: left - count) }
            case .chunk(let left):
                let count: Int
                (count, rest) = keep(bytes, rest, left)
                if !isComplete { state = count == left ? .chunkEnd : .chunk(left: left - count) }
            case .statusLine, .fields, .chunkSize, .chunkEnd, .trailers:
                guard try takeLine(bytes, &rest) else { return }
                let whole = line
                line.removeAll(keepingCapacity: true)
                try read(whole)
            }
        }
    }

    /// The server has closed; a body without a length ends with that (section 6.3).
    mutating func end() throws(HTTPError) {
        switch state {
        case .complete: return
        case .untilEnd: state = .complete
        case .statusLine where !hasBegun: throw HTTPError(.protocolViolation, "the server closed without an answer")
        default: throw HTTPError(.protocolViolation, "the server closed within its response")
        }
    }

    // MARK: Bytes

    /// Takes body bytes, at most `limit`; returns how many, and what is left.
    private mutating func keep(_ bytes: Span<UInt8>, _ rest: Range<Int>, _ limit: Int) -> (count: Int, rest: Range<Int>)
    {
        let end = rest.lowerBound + min(rest.count, limit)
        if !response.keep(bytes.extracting(rest.lowerBound..<end), upTo: maximumBodyBytes) { state = .complete }
        return (end - rest.lowerBound, end..<rest.upperBound)
    }

    /// Adds to `line` up to the next LF; `true` when it is whole, and without its end.
    private mutating func takeLine(_ bytes: Span<UInt8>, _ rest: inout Range<Int>) throws(HTTPError) -> Bool {
        var end = rest.lowerBound
        while end < rest.upperBound, bytes[end] != 0x0a { end += 1 }
        let isWhole = end < rest.upperBound
        try count(end - rest.lowerBound + 1)
        unsafe bytes.extracting(rest.lowerBound..<end).withUnsafeBufferPointer { unsafe line.append(contentsOf: $0) }
        rest = min(end + 1, rest.upperBound)..<rest.upperBound
        if isWhole, line.last == 0x0d { line.removeLast() }
        return isWhole
    }

    private mutating func count(_ bytes: Int) throws(HTTPError) {
        switch state {
        case .chunkSize, .chunkEnd:
            guard line.count + bytes <= Self.chunkLineBytes else {
                throw HTTPError(.protocolViolation, "a chunk has no proper size")
            }
        default:
            fieldBytes += bytes
            guard fieldBytes <= maximumFieldBytes else { throw HTTPExchangeRequest.tooManyFields }
        }
    }

    // MARK: Lines

    private mutating func read(_ line: [UInt8]) throws(HTTPError) {
        switch state {
        case .statusLine:
            try readStatus(line)
            state = .fields
        case .fields:
            if let first = line.first, first == 0x20 || first == 0x09 { return try goOn(line) }
            finishField()
            if line.isEmpty { try beginBody() } else { try readField(line) }
        case .chunkSize: try beginChunk(line)
        case .chunkEnd:
            guard line.isEmpty else { throw HTTPError(.protocolViolation, "a chunk does not end where it said") }
            state = .chunkSize
        case .trailers: if line.isEmpty { state = .complete }
        case .body, .chunk, .untilEnd, .complete: preconditionFailure("no line is read within a body")
        }
    }

    private mutating func readStatus(_ line: [UInt8]) throws(HTTPError) {
        let digits = line.dropFirst(9).prefix(3)
        guard line.count >= 12, line.starts(with: "HTTP/1.".utf8), isDigit(line[7]), line[8] == 0x20,
            digits.allSatisfy(isDigit), digits[9] != 0x30, line.count == 12 || line[12] == 0x20
        else { throw HTTPError(.protocolViolation, "the server does not answer in HTTP") }
        response.version = line[7] == 0x30 ? "1.0" : "1.1"
        response.status = digits.reduce(0) { $0 * 10 + Int($1 - 0x30) }
    }

    private mutating func readField(_ line: [UInt8]) throws(HTTPError) {
        guard response.fields.count < HTTPExchangeRequest.maximumFields else { throw HTTPExchangeRequest.tooManyFields }
        guard let colon = line.firstIndex(of: 0x3a) else {
            throw HTTPError(.protocolViolation, "a header of the response has no name")
        }
        let name = line[..<colon].trimmingSpaces()
        guard !name.isEmpty, name.allSatisfy(isTokenByte), !line.contains(0), !line.contains(0x0d) else {
            throw HTTPError(.protocolViolation, "a header of the response has no proper name or value")
        }
        field = (String(decoding: name, as: UTF8.self), Array(line[(colon + 1)...].trimmingSpaces()))
    }

    /// A folded line (section 5.2): its break counts as a space.
    private mutating func goOn(_ line: [UInt8]) throws(HTTPError) {
        guard field != nil, !line.contains(0), !line.contains(0x0d) else {
            throw HTTPError(.protocolViolation, "a header of the response begins with a space")
        }
        field?.value += [0x20] + line[...].trimmingSpaces()
    }

    private mutating func finishField() {
        guard let (name, value) = field else { return }
        response.fields.append(name, String(decoding: value, as: UTF8.self))
        field = nil
    }

    // MARK: The body

    /// Decides how the body ends (section 6.3).
    private mutating func beginBody() throws(HTTPError) {
        let status = response.status
        guard status >= 200 else {
            guard status != 101 else { throw HTTPError(.protocolViolation, "the server switches to another protocol") }
            response = HTTPExchangeResponse()
            state = .statusLine
            hasBegun = false
            return
        }
        if isHead || status == 204 || status == 304 {
            state = .complete
        } else if let coding = transferCoding {
            state = coding == "chunked" ? .chunkSize : .untilEnd
        } else if let length = try contentLength() {
            state = length == 0 ? .complete : .body(left: length)
        } else {
            state = .untilEnd
        }
    }

    /// The last of the transfer codings, in lowercase; `identity` is none.
    private var transferCoding: String? {
        let codings = values(of: "transfer-encoding").joined(separator: ",").split(separator: ",").map { coding in
            coding.lowercased().filter { $0 != " " && $0 != "\t" }
        }
        return codings.last { $0 != "identity" }
    }

    /// The same length may be said more than once (RFC 9110, section 8.6).
    private func contentLength() throws(HTTPError) -> Int? {
        let lists = values(of: "content-length")
        let values = Set(lists.flatMap { $0.split(separator: ",", omittingEmptySubsequences: false) }.map(Self.length))
        guard values.count <= 1, values.first != .some(nil) else {
            throw HTTPError(.protocolViolation, "the length of the response is ambiguous")
        }
        return values.first ?? nil
    }

    private func values(of name: String) -> [String] {
        response.fields.all.filter { $0.name == name }.map(\.value)
    }

    private static func length(_ text: Substring) -> Int? {
        let digits = Array(text.utf8)[...].trimmingSpaces()
        guard (1...18).contains(digits.count), digits.allSatisfy(isDigit) else { return nil }
        return digits.reduce(0) { $0 * 10 + Int($1 - 0x30) }
    }

    private mutating func beginChunk(_ line: [UInt8]) throws(HTTPError) {
        let digits = line.prefix { $0 != 0x3b }.trimmingSpaces()
        guard (1...15).contains(digits.count), let size = HTTP1Parser.hexadecimal(digits) else {
            throw HTTPError(.protocolViolation, "a chunk has no proper size")
        }
        state = size == 0 ? .trailers : .chunk(left: size)
    }
}

private func isDigit(_ byte: UInt8) -> Bool {
    (0x30...0x39).contains(byte)
}
