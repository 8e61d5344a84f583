public import EventLoop
public import TLS

/// Asks one server one question over a TLS connection of its own (RFC 7858).
public enum DNSOverTLS {
    public static let port: UInt16 = 853

    /// To be called on `loop`, with an address that a gate let through; `serverName` is what the certificate is looked
    /// at for.
    ///
    /// Throws what `TLSExchange` throws, and `badRequest` for a name that cannot be asked for.
    public static func query(
        _ name: String,
        _ type: DNSRecordType,
        server: SocketAddress,
        serverName: String,
        context: TLSContext,
        timeout: Duration,
        on loop: EventLoop
    ) async throws(EgressError) -> (answer: DNSAnswer, report: TLSReport) {
        let question = try DNSResolver.question(name, type)
        var exchange = TLSExchange(address: server, context: context, serverName: serverName)
        let length = [UInt8(truncatingIfNeeded: question.count >> 8), UInt8(truncatingIfNeeded: question.count)]
        exchange.question = TLSExchange.Question(bytes: length + question) { received in
            received.count < 2 ? nil : 2 + Int(received[0]) << 8 + Int(received[1])
        }
        let report = try await exchange.run(timeout: timeout, on: loop)
        guard report.answer.count >= 4, report.answer[2..<4] == question[..<2] else {
            throw EgressError(.protocolViolation, "the answer is to another question")
        }
        let elapsed = report.connectMicroseconds + report.handshakeMicroseconds + report.answerMicroseconds
        return (try DNSMessage.parse(Array(report.answer[2...]), elapsedMicroseconds: elapsed), report)
    }
}
