public import JSONRPC

// What is spoken over the WebSocket at `/ws/stream`: JSON-RPC, one document a message.

public struct Authentication: Codable, Sendable, RPCPayload {
    /// An access token, or the API token of a program.
    ///
    /// Of access tokens send the next one over the same connection before it runs out; an API token is good until it ends.
    public var token: String

    public init(token: String) {
        self.token = token
    }
}

/// Which rows a client wants from now on; a new subscription replaces the one before.
public struct Subscription: Codable, Equatable, RPCPayload {
    /// All targets, when left out.
    public var targetIDs: [TargetID]?
    /// Everything after this cursor, as far as it is still there; only what comes from now on, when left out.
    public var cursor: Int?

    enum CodingKeys: String, CodingKey {
        case cursor
        case targetIDs = "target_ids"
    }

    public init(targetIDs: [TargetID]? = nil, cursor: Int? = nil) {
        self.targetIDs = targetIDs
        self.cursor = cursor
    }
}

/// Rows that this client was too slow for; `measurement.list` still has them.
public struct StreamGap: Codable, Equatable, RPCPayload {
    /// The last cursor that was sent.
    public var after: Int
    /// The cursor at which the stream goes on.
    public var resumesAfter: Int

    enum CodingKeys: String, CodingKey {
        case after
        case resumesAfter = "resumes_after"
    }

    public init(after: Int, resumesAfter: Int) {
        self.after = after
        self.resumesAfter = resumesAfter
    }
}

extension RPCMethod where Params == Authentication, Result == Person {
    public static var authenticateStream: Self {
        Self("stream.authenticate", "Says who a WebSocket belongs to.", of: .push, isIdempotent: true)
    }
}

extension RPCMethod where Params == Subscription, Result == FollowStart {
    public static var subscribeStream: Self {
        Self("stream.subscribe", "Begins sending `stream.measurements` notifications.", of: .push, isIdempotent: true)
    }
}

/// The names of the notifications that a WebSocket client is sent.
public enum StreamNotification {
    /// Params: `MeasurementEvent`.
    public static let measurements: StaticString = "stream.measurements"
    /// Params: `StreamGap`.
    public static let gap: StaticString = "stream.gap"
}
