public import EventLoop
public import TLS

/// Asks one server one question over a TLS connection of its own (RFC 7858).
public enum DNSOverTLS {
    public static let port: UInt16 = 853

    /// To be called on `loop`, with an address that a gate let through; `serverName` is what the certificate is looked
    /// at for.
    ///
    /// Throws what `EgressConnection` throws, and `badRequest` for a name that cannot be asked for.
    public static func query(
        _ name: String,
        _ type: DNSRecordType,
        server: SocketAddress,
        serverName: String,
        context: TLSContext,
        timeout: Duration,
        on loop: EventLoop
    ) async throws(EgressError) -> (answer: DNSAnswer, report: EgressConnection.Report) {
        let question = try DNSQuestion(name, type)
        let inquiry = Inquiry(question.bytes)
        let connection = EgressConnection(address: server, context: context, serverName: serverName)
        let report = try await connection.run(inquiry, timeout: timeout, on: loop)
        return (try question.answer(in: inquiry.reply, elapsedMicroseconds: report.times.total), report)
    }
}

/// One message each way, with its length in front (RFC 1035, section 4.2.2).
private final class Inquiry: Dialogue {
    private var output: [UInt8]
    private var answer: [UInt8] = []

    init(_ message: [UInt8]) {
        output = [UInt8(truncatingIfNeeded: message.count >> 8), UInt8(truncatingIfNeeded: message.count)] + message
    }

    var hasBegun: Bool { !answer.isEmpty }
    var isComplete: Bool { answer.count >= 2 && answer.count == length }

    /// Of the answer, length included.
    private var length: Int { 2 + Int(answer[0]) << 8 + Int(answer[1]) }

    func begin(_ inspection: PeerInspection?) {}

    func takeOutput() -> [UInt8] {
        defer { output = [] }
        return output
    }

    func receive(_ bytes: Span<UInt8>) {
        for index in bytes.indices where !isComplete { answer.append(bytes[index]) }
    }

    func end() throws(EgressError) {
        throw EgressError(.protocolViolation, "the server closed without an answer")
    }

    /// The answer without its length.
    var reply: [UInt8] { Array(answer.dropFirst(2)) }
}
