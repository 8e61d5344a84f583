public import JSON
public import JSONRPC

/// How a probe ended.
public enum MeasurementStatus: UInt8, Sendable, CaseIterable {
    case success = 0
    case timeout = 1
    case error = 2

    public var name: String {
        switch self {
        case .success: "success"
        case .timeout: "timeout"
        case .error: "error"
        }
    }
}

/// Why a probe failed; a closed set of fifteen.
public enum FailureReason: UInt8, Sendable, CaseIterable {
    /// It did not fail.
    case none = 0
    /// Nothing came back in time.
    case timeout = 1
    /// The port is closed.
    case refused = 2
    /// The connection was reset.
    case reset = 3
    /// A router or the kernel knows no way.
    case unreachable = 4
    /// The target's name did not resolve.
    case resolve = 5
    /// The answer of a resolver was not the expected one.
    case dnsAnswer = 6
    /// The TLS handshake failed.
    case tls = 7
    /// The status code was not an expected one.
    case httpStatus = 8
    /// The header or the body was not the expected one.
    case httpBody = 9
    /// The peer did not keep to its protocol.
    case protocolViolation = 10
    /// The agent may not reach this address.
    case forbidden = 11
    /// The agent lacks a permission that the probe needs.
    case permission = 12
    /// The agent itself could not run the probe.
    case local = 13
    /// The certificate has ended, ends too soon, is not trusted or is another's.
    case certificate = 14
    /// The target answered, though it must not be reachable.
    case unexpectedReach = 15

    /// The word that stands for it in the API; `nil` for `none`.
    public var name: String? {
        switch self {
        case .none: nil
        case .timeout: "timeout"
        case .refused: "refused"
        case .reset: "reset"
        case .unreachable: "unreachable"
        case .resolve: "resolve"
        case .dnsAnswer: "dns_answer"
        case .tls: "tls"
        case .httpStatus: "http_status"
        case .httpBody: "http_body"
        case .protocolViolation: "protocol"
        case .forbidden: "forbidden"
        case .permission: "permission"
        case .local: "local"
        case .certificate: "certificate"
        case .unexpectedReach: "unexpected_reach"
        }
    }
}

/// One result as the API shows it: the canonical row, and around it what it belongs to.
public struct Measurement: Codable, Equatable, RPCPayload {
    public var id: Identifier<Measurement>
    public var timestamp: Timestamp
    /// The target's name.
    public var target: String
    /// The type of its check.
    public var type: String
    /// Milliseconds, the mean of several; left out when nothing came back.
    public var latencyMilliseconds: Double?
    /// `success`, `timeout` or `error`.
    public var status: String
    /// What the probe saw, by type.
    public var metadata: JSONValue
    /// The agent's name.
    public var origin: String
    public var targetID: TargetID
    public var checkID: CheckID
    public var agentID: AgentID
    /// Which part of the target it is about: `ipv4`, `ipv6`, or an address; left out when none are told apart.
    public var endpoint: String?
    /// Requests or packets that were sent.
    public var sent: Int
    /// Those of them that were answered.
    public var received: Int
    /// Why it failed; left out when it did not.
    public var reason: String?

    enum CodingKeys: String, CodingKey {
        case id, timestamp, target, type, status, metadata, origin, endpoint, sent, received, reason
        case latencyMilliseconds = "latency_ms"
        case targetID = "target_id"
        case checkID = "check_id"
        case agentID = "agent_id"
    }

    public init(_ row: MeasurementRow, of series: MeasurementSeries, by agent: AgentID, origin: String) {
        id = Identifier(rawValue: row.id.description)
        timestamp = row.timestamp
        target = series.target
        type = series.type.rawValue
        latencyMilliseconds = row.latency
        status = row.status.name
        metadata = (try? JSONValue(json: row.metadata)) ?? .null
        self.origin = origin
        targetID = series.targetID
        checkID = series.checkID
        agentID = agent
        endpoint = series.endpoint.isEmpty ? nil : series.endpoint
        sent = row.sent
        received = row.received
        reason = row.reason.name
    }
}

extension JSONValue: JSONSchemaProviding {
    public static var jsonSchema: JSONSchema { .any }
    public static var placeholder: Self { .null }
}
