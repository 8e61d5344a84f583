import CAres

/// One question to a DNS server, as a message, and its answer read from another.
public struct DNSQuestion: Sendable {
    /// The message: recursion desired, with a number that cannot be guessed.
    public let bytes: [UInt8]

    /// Throws `EgressError` with `badRequest` for a name that cannot be asked for.
    public init(_ name: String, _ type: DNSRecordType) throws(EgressError) {
        try DNSResolver.check(name, .badRequest)
        var message: UnsafeMutablePointer<UInt8>?
        var size: CInt = 0
        let id = UInt16.random(in: 0 ... .max)
        let status = unsafe ares_create_query(name, 1, CInt(type.rawValue), id, 1, &message, &size, 0)
        defer { unsafe ares_free_string(message) }
        guard status == ARES_SUCCESS else { throw EgressError(.badRequest, "this name cannot be asked for") }
        bytes = unsafe Array(UnsafeBufferPointer(start: message, count: Int(size)))
    }

    /// Throws `EgressError` with `protocolViolation` for a message that answers another question, or is malformed.
    public func answer(in message: [UInt8], elapsedMicroseconds: Int) throws(EgressError) -> DNSAnswer {
        guard message.starts(with: bytes[..<2]) else {
            throw EgressError(.protocolViolation, "the answer is to another question")
        }
        return try DNSMessage.parse(message, elapsedMicroseconds: elapsedMicroseconds)
    }
}
