public import JSON
public import JSONRPC

/// Where a service begins to follow.
public struct EventRequest: Codable, Equatable, RPCPayload {
    /// All tenants when left out.
    public var tenant: TenantID?
    /// Everything after this; only what comes from now on, when left out.
    ///
    /// A cursor of the events of all tenants, or with `tenant` a number of that one's.
    public var cursor: Int?

    public init(tenant: TenantID? = nil, cursor: Int? = nil) {
        self.tenant = tenant
        self.cursor = cursor
    }
}

/// Rows of one tenant that were stored together.
public struct TenantEvent: Equatable, Sendable {
    /// Its place among the events of all tenants.
    public var cursor: Int
    public var tenant: TenantID
    /// Its place among those of its tenant: what people know as the cursor.
    public var number: Int
    public var batch: MeasurementBatch

    public init(cursor: Int, tenant: TenantID, number: Int, batch: MeasurementBatch) {
        self.cursor = cursor
        self.tenant = tenant
        self.number = number
        self.batch = batch
    }
}

extension TenantEvent: JSONCodable, RPCPayload {
    public init(from reader: inout JSONReader) throws(JSONError) {
        var (cursor, number): (Int?, Int?)
        var tenant: TenantID?
        var batch: MeasurementBatch?
        let start = reader.position
        try reader.beginObject()
        while let key = try reader.nextKey() {
            switch key {
            case "cursor": cursor = try reader.int()
            case "tenant": tenant = TenantID(rawValue: try reader.string())
            case "number": number = try reader.int()
            case "batch": batch = try MeasurementBatch(from: &reader)
            default: try reader.skip()
            }
        }
        guard let cursor, let tenant, let number, let batch else {
            throw JSONError(.mismatch, "an event has a cursor, a tenant, a number and a batch", at: start)
        }
        self.init(cursor: cursor, tenant: tenant, number: number, batch: batch)
    }

    public func write(to writer: inout JSONWriter) {
        writer.beginObject()
        writer.key("cursor")
        writer.int(cursor)
        writer.key("tenant")
        writer.string(tenant.rawValue)
        writer.key("number")
        writer.int(number)
        writer.key("batch")
        batch.write(to: &writer)
        writer.endObject()
    }

    public static var schema: JSONSchema {
        .object(
            name: "TenantEvent",
            [
                .init("cursor", .integer), .init("tenant", TenantID.jsonSchema), .init("number", .integer),
                .init("batch", MeasurementBatch.schema),
            ]
        )
    }
}

extension RPCStreamMethod where Params == EventRequest, Result == FollowStart, Element == TenantEvent {
    /// Every stored row of every tenant once, in the order of storing, from a cursor on.
    public static var followEvents: Self {
        Self(
            "event.follow",
            "Streams what is stored, of all tenants or of one.",
            of: .store,
            callers: [.alerting, .push]
        )
    }
}
