public import JSON
public import JSONRPC

extension MeasurementBatch: JSONCodable, RPCPayload {
    public init(from reader: inout JSONReader) throws(JSONError) {
        self.init(agentID: .placeholder, origin: "", series: [], columns: MeasurementColumns())
        var seen = JSONKeySet()
        var required = 0
        let start = reader.position
        try reader.beginObject()
        while let key = try reader.nextKey() {
            try seen.insert(key, before: reader.position)
            required += 1
            switch key {
            case "agent_id": agentID = try Self.identifier(from: &reader)
            case "origin": origin = try reader.string()
            case "series": try reader.elements(into: &series)
            case "columns": columns = try MeasurementColumns(from: &reader)
            default:
                required -= 1
                try reader.skip()
            }
        }
        guard required == 4 else {
            throw JSONError(.mismatch, "a batch has agent_id, origin, series and columns", at: start)
        }
        guard columns.series.allSatisfy(series.indices.contains) else {
            throw JSONError(.mismatch, "columns.series points outside series", at: start)
        }
    }

    fileprivate static func identifier<Kind>(from reader: inout JSONReader) throws(JSONError) -> Identifier<Kind> {
        Identifier(rawValue: try UUIDv7(from: &reader).description)
    }

    public func write(to writer: inout JSONWriter) {
        writer.beginObject()
        writer.key("agent_id")
        writer.string(agentID.rawValue)
        writer.key("origin")
        writer.string(origin)
        writer.key("series")
        writer.elements(series)
        writer.key("columns")
        columns.write(to: &writer)
        writer.endObject()
    }

    public static var schema: JSONSchema {
        .object(
            name: "MeasurementBatch",
            [
                .init("agent_id", .uuid),
                .init("origin", .string),
                .init("series", .array(MeasurementSeries.schema)),
                .init("columns", MeasurementColumns.schema),
            ]
        )
    }
}

extension MeasurementSeries: JSONCodable {
    public init(from reader: inout JSONReader) throws(JSONError) {
        self.init(checkID: .placeholder, targetID: .placeholder, target: "", type: .icmp)
        var seen = 0
        let start = reader.position
        try reader.beginObject()
        while let key = try reader.nextKey() {
            switch key {
            case "check_id":
                checkID = try MeasurementBatch.identifier(from: &reader)
                seen |= 1
            case "target_id":
                targetID = try MeasurementBatch.identifier(from: &reader)
                seen |= 2
            case "target":
                target = try reader.string()
                seen |= 4
            case "type":
                guard let type = CheckType(rawValue: try reader.string()) else {
                    throw JSONError(.mismatch, "unknown type of check", at: reader.position)
                }
                self.type = type
                seen |= 8
            case "endpoint": endpoint = try reader.string()
            case "interval_ms":
                let interval = try reader.int()
                guard interval > 0 else { throw JSONError(.mismatch, "an interval is a time", at: reader.position) }
                intervalMilliseconds = interval
            default: try reader.skip()
            }
        }
        guard seen == 15 else {
            throw JSONError(.mismatch, "a series has check_id, target_id, target and type", at: start)
        }
    }

    public func write(to writer: inout JSONWriter) {
        writer.beginObject()
        writer.key("check_id")
        writer.string(checkID.rawValue)
        writer.key("target_id")
        writer.string(targetID.rawValue)
        writer.key("target")
        writer.string(target)
        writer.key("type")
        writer.string(type.rawValue)
        if !endpoint.isEmpty {
            writer.key("endpoint")
            writer.string(endpoint)
        }
        if let intervalMilliseconds {
            writer.key("interval_ms")
            writer.int(intervalMilliseconds)
        }
        writer.endObject()
    }

    static var schema: JSONSchema {
        .object(
            name: "MeasurementSeries",
            [
                .init("check_id", .uuid), .init("target_id", .uuid), .init("target", .string),
                .init("type", CheckType.jsonSchema), .init("endpoint", .string, isRequired: false),
                .init("interval_ms", .integer, isRequired: false),
            ]
        )
    }
}

extension UUIDv7: JSONCodable {
    @inlinable
    public init(from reader: inout JSONReader) throws(JSONError) {
        let position = reader.position
        let uuid = try reader.string { bytes in UUIDv7(ascii: bytes) }
        guard let uuid else { throw JSONError(.mismatch, "expected a UUID", at: position) }
        self = uuid
    }

    @inlinable
    public func write(to writer: inout JSONWriter) {
        writer.uuid(high: high, low: low)
    }
}
