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

    /// A run that ended with an error.
    init(startedAt: Timestamp, _ error: some ProbeFailure, metadata: ProbeMetadata = ProbeMetadata()) {
        var metadata = metadata
        metadata.text("error", error.words)
        let sent = error.leavesNothingSent ? 0 : 1
        self.init(startedAt: startedAt, reason: error.reason, sent: sent, metadata: metadata)
    }
}

/// An error that is the outcome of a run.
protocol ProbeFailure: Error {
    var reason: FailureReason { get }
    /// What people read of it.
    var words: String { get }
    /// Whether it came before anything was sent to the target.
    var leavesNothingSent: Bool { get }
}

extension EgressError: ProbeFailure {
    var reason: FailureReason { FailureReason(code) }
    var words: String { message }
    var leavesNothingSent: Bool { code.leavesNothingSent }
}

/// What this agent's own kernel did not allow, or could not carry out.
extension ProbingError: ProbeFailure {
    var reason: FailureReason {
        guard code != .permission else { return .permission }
        let cause = (cause as? SystemError)?.code
        return cause == EHOSTUNREACH || cause == ENETUNREACH ? .unreachable : .local
    }
    var words: String { description }
    var leavesNothingSent: Bool { true }
}

extension ProbeOutcome {
    mutating func fail(_ reason: FailureReason) {
        self.reason = reason
        status = MeasurementStatus(reason)
    }

    /// What it means for a target that must not be reachable; nothing that was sent should be answered, so nothing
    /// counts as sent.
    var inverted: ProbeOutcome {
        var outcome = self
        switch reason {
        case .none, .dnsAnswer, .tls, .certificate, .httpStatus, .httpBody, .protocolViolation, .unexpectedReach:
            outcome.fail(.unexpectedReach)
        case .timeout, .refused, .reset, .unreachable:
            if let word = reason.name { outcome.metadata.text("kept_out_by", word) }
            outcome.status = .success
            outcome.reason = .none
            outcome.latencyMilliseconds = nil
        case .resolve, .forbidden, .permission, .local:
            break
        }
        (outcome.sent, outcome.received) = (0, 0)
        return outcome
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
