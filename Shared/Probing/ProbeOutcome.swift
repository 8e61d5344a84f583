public import Contracts
import Egress
import EventLoop
import Glibc

/// What one run of a probe saw.
public struct ProbeOutcome: Equatable, Sendable {
    public var startedAt: Timestamp
    public var status: MeasurementStatus
    public var reason: FailureReason
    /// `nil` when nothing came back.
    public var latencyMilliseconds: Double?
    /// Requests or packets that were sent, and those of them that were answered.
    public var sent: Int
    public var received: Int
    public var metadata: ProbeMetadata

    init(
        startedAt: Timestamp,
        reason: FailureReason = .none,
        latencyMicroseconds: Double? = nil,
        sent: Int = 1,
        received: Int? = nil,
        metadata: ProbeMetadata
    ) {
        self.startedAt = startedAt
        self.reason = reason
        status = MeasurementStatus(reason)
        latencyMilliseconds = latencyMicroseconds.map { $0 / 1_000 }
        self.sent = sent
        self.received = received ?? (latencyMicroseconds == nil ? 0 : 1)
        self.metadata = metadata
    }

    /// A run that ended with an error of the way out.
    init(startedAt: Timestamp, _ error: EgressError, metadata: ProbeMetadata = ProbeMetadata()) {
        var metadata = metadata
        metadata.text("error", error.message)
        self.init(
            startedAt: startedAt,
            reason: FailureReason(error.code),
            sent: error.code.leavesNothingSent ? 0 : 1,
            metadata: metadata
        )
    }
}

extension ProbeOutcome {
    /// A run that this agent's own kernel did not allow, or could not carry out.
    init(startedAt: Timestamp, _ error: ProbingError, metadata: ProbeMetadata) {
        var metadata = metadata
        metadata.text("error", error.description)
        let code = (error.cause as? SystemError)?.code
        let isUnreachable = code == EHOSTUNREACH || code == ENETUNREACH
        let reason: FailureReason = error.code == .permission ? .permission : isUnreachable ? .unreachable : .local
        self.init(startedAt: startedAt, reason: reason, sent: 0, metadata: metadata)
    }
}

extension ProbeOutcome {
    mutating func fail(_ reason: FailureReason) {
        self.reason = reason
        status = MeasurementStatus(reason)
    }
}

extension MeasurementStatus {
    fileprivate init(_ reason: FailureReason) {
        self = reason == .none ? .success : reason == .timeout ? .timeout : .error
    }
}

extension EgressError.Code {
    /// Whether it came before anything was sent to the target.
    fileprivate var leavesNothingSent: Bool {
        switch self {
        case .forbidden, .resolve, .permission, .badRequest, .cancelled, .busy, .local: true
        case .refused, .unreachable, .reset, .timeout, .tls, .certificate, .protocolViolation, .tooManyRedirects: false
        }
    }
}

extension FailureReason {
    init(_ code: EgressError.Code) {
        self =
            switch code {
            case .forbidden: .forbidden
            case .resolve: .resolve
            case .refused: .refused
            case .unreachable: .unreachable
            case .reset: .reset
            case .timeout: .timeout
            case .tls: .tls
            case .certificate: .certificate
            case .protocolViolation, .tooManyRedirects: .protocolViolation
            case .permission: .permission
            case .badRequest, .cancelled, .busy, .local: .local
            }
    }
}
