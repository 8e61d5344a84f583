public import JSONRPC

/// What a measurement is in a file: the eight fields of the canonical row, in their order, and what stands around it.
public enum MeasurementField: String, Codable, Sendable, CaseIterable, JSONSchemaProviding {
    case id, timestamp, target, type
    case latency = "latency_ms"
    case status, metadata, origin
    case reason
    case targetID = "target_id"
    case checkID = "check_id"
    case agentID = "agent_id"
    case endpoint, sent, received

    public static let canonical: [Self] = [
        .id, .timestamp, .target, .type, .latency, .status, .metadata, .origin,
    ]

    /// Whether its value may be any text.
    public var isText: Bool {
        switch self {
        case .target, .metadata, .origin, .endpoint: true
        default: false
        }
    }
}
