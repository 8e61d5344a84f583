public import JSON
public import JSONRPC

/// Where to begin following.
public struct FollowRequest: Codable, Equatable, RPCPayload {
    /// Everything after this cursor; only what comes from now on, when left out.
    public var cursor: Int?
    /// All targets, when left out.
    public var targetIDs: [TargetID]?

    enum CodingKeys: String, CodingKey {
        case cursor
        case targetIDs = "target_ids"
    }

    public init(cursor: Int? = nil, targetIDs: [TargetID]? = nil) {
        self.cursor = cursor
        self.targetIDs = targetIDs
    }
}

public struct FollowStart: Codable, Equatable, RPCPayload {
    /// Where the stream begins.
    ///
    /// Larger than the one asked for when rows between the two are gone.
    public var cursor: Int

    public init(cursor: Int) {
        self.cursor = cursor
    }
}

/// Rows that were stored together, and the cursor to go on from after them.
public struct MeasurementEvent: Equatable, Sendable {
    public var cursor: Int
    public var batch: MeasurementBatch

    public init(cursor: Int, batch: MeasurementBatch) {
        self.cursor = cursor
        self.batch = batch
    }
}

extension MeasurementEvent: JSONCodable, RPCPayload {
    public init(from reader: inout JSONReader) throws(JSONError) {
        var cursor: Int?
        var batch: MeasurementBatch?
        let start = reader.position
        try reader.beginObject()
        while let key = try reader.nextKey() {
            switch key {
            case "cursor": cursor = try reader.int()
            case "batch": batch = try MeasurementBatch(from: &reader)
            default: try reader.skip()
            }
        }
        guard let cursor, let batch else { throw JSONError(.mismatch, "an event has a cursor and a batch", at: start) }
        self.init(cursor: cursor, batch: batch)
    }

    public func write(to writer: inout JSONWriter) {
        writer.beginObject()
        writer.key("cursor")
        writer.int(cursor)
        writer.key("batch")
        batch.write(to: &writer)
        writer.endObject()
    }

    public static var schema: JSONSchema {
        .object(name: "MeasurementEvent", [.init("cursor", .integer), .init("batch", MeasurementBatch.schema)])
    }
}

extension RPCStreamMethod where Params == FollowRequest, Result == FollowStart, Element == MeasurementEvent {
    /// Every stored row once, in the order of storing, from a cursor on.
    public static var followMeasurements: Self {
        Self(
            "measurement.follow",
            "Streams measurements as they are stored.",
            of: .store,
            access: .viewer
        )
    }
}
