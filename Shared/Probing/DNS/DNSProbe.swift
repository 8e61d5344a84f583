import Contracts
import Egress
import EventLoop
import TLS

/// One question to one DNS server; its latency is the time to the answer.
struct DNSProbe: Probe {
    /// The server's name or address; `nil` for the first one of the system's configuration.
    let server: Destination?
    /// `nil` for the usual one of the transport.
    let port: UInt16?
    let transport: DNSTransport
    let question: DNSCheckQuestion
    let gate: AddressGate
    let trust: TrustedAuthorities

    func run(timeout: Duration) async -> ProbeOutcome {
        let startedAt = Timestamp.now
        let clock = LoopClock(gate.resolver.loop)
        let start = clock.now
        var metadata = ProbeMetadata()
        question.describe(in: &metadata, transport)
        do throws(EgressError) {
            let address = try await serverAddress(timeout)
            metadata.text("server", address.description)
            let answer = try await ask(address, timeout - start.duration(to: clock.now), &metadata)
            return question.outcome(of: answer, startedAt: startedAt, metadata)
        } catch {
            return ProbeOutcome(startedAt: startedAt, error, metadata: metadata)
        }
    }

    private func ask(
        _ address: SocketAddress,
        _ timeout: Duration,
        _ metadata: inout ProbeMetadata
    ) async throws(EgressError) -> DNSAnswer {
        guard transport == .tls else {
            return try await gate.resolver.query(
                question.name,
                question.type,
                server: address,
                overTCP: transport == .tcp,
                timeout: timeout
            )
        }
        let (answer, report) = try await DNSOverTLS.query(
            question.name,
            question.type,
            server: address,
            serverName: server?.host ?? address.address.description,
            context: try trust.context(),
            timeout: timeout,
            on: gate.resolver.loop
        )
        metadata.milliseconds("connect_ms", microseconds: report.times.connect)
        metadata.milliseconds("tls_ms", microseconds: report.times.tls)
        metadata.milliseconds("answer_ms", microseconds: report.times.total - report.times.connect - report.times.tls)
        if let distrust = report.inspection?.distrust { throw EgressError(.certificate, distrust) }
        return answer
    }

    private func serverAddress(_ timeout: Duration) async throws(EgressError) -> SocketAddress {
        if let server {
            return SocketAddress(
                try await server.address(from: gate, timeout: timeout),
                port: port ?? transport.usualPort
            )
        }
        guard let first = try gate.resolver.systemServers().first else {
            throw EgressError(.local, "this agent's system names no DNS server")
        }
        guard gate.policy.allows(first.address) else {
            throw EgressError(.forbidden, "the policy does not allow the system's DNS server")
        }
        return SocketAddress(first.address, port: transport == .tls ? transport.usualPort : first.port)
    }
}

/// What a `dns` check asks for, and what it makes of the answer.
struct DNSCheckQuestion: Equatable, Sendable {
    let name: String
    let type: DNSRecordType
    let expectedAnswer: String?

    /// A target that is a name is what to ask for, and the root where it is an address.
    ///
    /// Throws `badRequest` for a type of records that is not known.
    init(of target: TargetAddress, _ options: CheckOptions) throws(EgressError) {
        name = options.query ?? (target.isAddress ? "." : target.host)
        guard let type = DNSRecordType(name: options.recordType ?? (name == "." ? "NS" : "A")) else {
            throw EgressError(.badRequest, "this record type is not known")
        }
        self.type = type
        expectedAnswer = options.expectedAnswer
    }

    func describe(in metadata: inout ProbeMetadata, _ transport: DNSTransport) {
        metadata.text("query", name)
        metadata.text("record_type", type.name)
        metadata.text("transport", transport.rawValue)
    }

    func outcome(of answer: DNSAnswer, startedAt: Timestamp, _ metadata: ProbeMetadata) -> ProbeOutcome {
        var metadata = metadata
        metadata.text("rcode", answer.responseCodeName)
        metadata.texts("answers", answer.records.map { "\($0.type.name) \($0.text)" })
        return ProbeOutcome(
            startedAt: startedAt,
            reason: isExpected(answer) ? .none : .dnsAnswer,
            latencyMicroseconds: Double(answer.elapsedMicroseconds),
            metadata: metadata
        )
    }

    private func isExpected(_ answer: DNSAnswer) -> Bool {
        let texts = answer.records.filter { $0.type == type }.map { Self.plain($0.text) }
        guard answer.responseCode == 0, !texts.isEmpty else { return false }
        return expectedAnswer.map { texts.contains(Self.plain($0)) } ?? true
    }

    private static func plain(_ text: String) -> String {
        let lowercased = text.lowercased()
        return lowercased.hasSuffix(".") && lowercased.count > 1 ? String(lowercased.dropLast()) : lowercased
    }
}

extension DNSTransport {
    var usualPort: UInt16 { self == .tls ? DNSOverTLS.port : 53 }
}
