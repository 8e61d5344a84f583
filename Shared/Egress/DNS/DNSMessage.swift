import EventLoop

/// Reads a DNS response (RFC 1035 section 4), of which nothing is believed: every length is checked, and a name's
/// pointers must lead backwards.
struct DNSMessage {
    private static let maximumRecords = 512
    private static let maximumNameBytes = 255

    private let bytes: [UInt8]
    private var position = 0

    private init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    /// Throws `EgressError` with `protocolViolation` when the message is malformed.
    static func parse(_ bytes: [UInt8], elapsedMicroseconds: Int) throws(EgressError) -> DNSAnswer {
        var reader = Self(bytes)
        _ = try reader.word()
        let flags = try reader.word()
        let questions = try reader.word()
        let count = try reader.word()
        reader.position = 12
        guard bytes.count >= 12, flags & 0x8000 != 0 else { throw malformed("is no response") }
        var answer = DNSAnswer(
            responseCode: Int(flags & 15),
            isAuthoritative: flags & 0x0400 != 0,
            records: [],
            elapsedMicroseconds: elapsedMicroseconds
        )
        for _ in 0..<questions {
            _ = try reader.name()
            _ = try reader.take(4)
        }
        for _ in 0..<min(Int(count), maximumRecords) {
            if let record = try reader.record() { answer.records.append(record) }
        }
        return answer
    }

    /// The next record; `nil` for one of another type or class.
    private mutating func record() throws(EgressError) -> DNSAnswer.Record? {
        let owner = try name()
        let type = DNSRecordType(rawValue: try word())
        let isInternet = try word() == 1
        let lifetime = try longWord()
        let length = Int(try word())
        let end = try position(after: length)
        defer { position = end }
        guard let type, isInternet else { return nil }
        let text = try value(of: type, end: end)
        guard position <= end else { throw Self.malformed("has a record longer than it says") }
        return DNSAnswer.Record(name: owner, type: type, timeToLiveSeconds: lifetime, text: text)
    }

    private mutating func value(of type: DNSRecordType, end: Int) throws(EgressError) -> String {
        switch type {
        case .a, .aaaa:
            let size = type == .a ? 4 : 16
            guard end - position == size, let address = IPAddress(bytes: Array(try take(size))) else {
                throw Self.malformed("has an address of the wrong length")
            }
            return address.description
        case .ns, .cname:
            return try name()
        case .mx:
            return "\(try word()) \(try name())"
        case .srv:
            return "\(try word()) \(try word()) \(try word()) \(try name())"
        case .soa:
            let names = "\(try name()) \(try name())"
            return "\(names) \(try longWord()) \(try longWord()) \(try longWord()) \(try longWord()) \(try longWord())"
        case .txt:
            var text = ""
            while position < end {
                let length = Int(try take(1).first ?? 0)
                text += String(decoding: try take(length), as: UTF8.self)
            }
            return text
        }
    }

    /// A name without its last dot; the root is `.`.
    private mutating func name() throws(EgressError) -> String {
        var labels: [String] = []
        var cursor = position
        var size = 0
        var afterPointer: Int?
        while true {
            guard cursor < bytes.count else { throw Self.malformed("ends within a name") }
            let length = Int(bytes[cursor])
            switch length {
            case 0:
                position = afterPointer ?? cursor + 1
                return labels.isEmpty ? "." : labels.joined(separator: ".")
            case 1...63:
                guard cursor + 1 + length <= bytes.count else { throw Self.malformed("ends within a name") }
                size += length + 1
                guard size < Self.maximumNameBytes else { throw Self.malformed("has too long a name") }
                labels.append(Self.label(bytes[(cursor + 1)..<(cursor + 1 + length)]))
                cursor += 1 + length
            case 192...:
                guard cursor + 1 < bytes.count else { throw Self.malformed("ends within a name") }
                let target = (length & 63) << 8 | Int(bytes[cursor + 1])
                guard target < cursor else { throw Self.malformed("has a name that points forwards") }
                afterPointer = afterPointer ?? cursor + 2
                cursor = target
            default:
                throw Self.malformed("has a label of an unknown kind")
            }
        }
    }

    /// Escapes what is not printable ASCII, and dots within a label (RFC 1035 section 5.1).
    private static func label(_ bytes: ArraySlice<UInt8>) -> String {
        bytes.reduce(into: "") { text, byte in
            switch byte {
            case UInt8(ascii: "."), UInt8(ascii: "\\"): text += "\\\(Character(Unicode.Scalar(byte)))"
            case 33...126: text.append(Character(Unicode.Scalar(byte)))
            default: text += "\\" + String("00\(byte)".suffix(3))
            }
        }
    }

    private mutating func word() throws(EgressError) -> UInt16 {
        try take(2).reduce(0) { $0 << 8 | UInt16($1) }
    }

    private mutating func longWord() throws(EgressError) -> UInt32 {
        try take(4).reduce(0) { $0 << 8 | UInt32($1) }
    }

    private mutating func take(_ count: Int) throws(EgressError) -> ArraySlice<UInt8> {
        let end = try position(after: count)
        defer { position = end }
        return bytes[position..<end]
    }

    private func position(after count: Int) throws(EgressError) -> Int {
        guard bytes.count - position >= count else { throw Self.malformed("ends too early") }
        return position + count
    }

    private static func malformed(_ what: String) -> EgressError {
        EgressError(.protocolViolation, "the DNS response \(what)")
    }
}
