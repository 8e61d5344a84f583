public import Contracts
import Egress

/// What one run of a probe saw.
public struct ProbeOutcome: Equatable, Sendable {
    public var startedAt: Timestamp
    public var status: MeasurementStatus
    public var reason: FailureReason
    /// `nil` when nothing came back.
    public var latencyMilliseconds: Double?
    /// A JSON object of at most `ProbeMetadata.maximumBytes` bytes.
    public var metadata: [UInt8]

    init(
        startedAt: Timestamp,
        reason: FailureReason = .none,
        latencyMicroseconds: Double? = nil,
        metadata: ProbeMetadata
    ) {
        self.startedAt = startedAt
        self.reason = reason
        status = reason == .none ? .success : reason == .timeout ? .timeout : .error
        latencyMilliseconds = latencyMicroseconds.map { $0 / 1_000 }
        self.metadata = metadata.bytes
    }

    /// A run that ended with an error of the way out.
    init(startedAt: Timestamp, _ error: EgressError, metadata: ProbeMetadata = ProbeMetadata()) {
        var metadata = metadata
        metadata.text("error", error.message)
        self.init(startedAt: startedAt, reason: FailureReason(error.code), metadata: metadata)
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
            case .protocolViolation, .tooManyRedirects: .protocolViolation
            case .permission: .permission
            case .badRequest, .cancelled, .busy, .local: .local
            }
    }
}
