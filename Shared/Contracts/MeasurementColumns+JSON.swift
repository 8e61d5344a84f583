import JSON
import JSONRPC

extension MeasurementColumns {
    init(from reader: inout JSONReader) throws(JSONError) {
        self.init()
        let start = reader.position
        try reader.beginObject()
        while let key = try reader.nextKey() {
            switch key {
            case "series": try Self.read(&reader, into: &series) { reader throws(JSONError) in try reader.int() }
            case "id":
                try Self.read(&reader, into: &id) { reader throws(JSONError) in try UUIDv7(from: &reader) }
            case "timestamp":
                try Self.read(&reader, into: &timestamp) { reader throws(JSONError) in try reader.int64() }
            case "latency_ms":
                try Self.read(&reader, into: &latency) { reader throws(JSONError) in
                    try reader.readIfNull() ? .nan : reader.double()
                }
            case "status": try Self.read(&reader, into: &status, Self.status)
            case "reason": try Self.read(&reader, into: &reason, Self.reason)
            case "sent": try Self.read(&reader, into: &sent, Self.count)
            case "received": try Self.read(&reader, into: &received, Self.count)
            case "metadata": try readMetadata(&reader)
            default: try reader.skip()
            }
        }
        let counts = [
            id.count, timestamp.count, latency.count, status.count, reason.count, sent.count, received.count,
            metadataEnd.count,
        ]
        guard counts.allSatisfy({ $0 == series.count }) else {
            throw JSONError(.mismatch, "the columns of a batch are of one length", at: start)
        }
        guard zip(received, sent).allSatisfy(<=) else {
            throw JSONError(.mismatch, "no row has more received than sent", at: start)
        }
    }

    private static func read<Element>(
        _ reader: inout JSONReader,
        into column: inout [Element],
        _ element: (inout JSONReader) throws(JSONError) -> Element
    ) throws(JSONError) {
        guard column.isEmpty else { throw JSONError(.malformed, "a column stands there twice", at: reader.position) }
        try reader.beginArray()
        while try reader.nextElement() {
            guard column.count < MeasurementBatch.maximumRows else {
                throw JSONError(
                    .mismatch,
                    "a batch has at most \(MeasurementBatch.maximumRows) rows",
                    at: reader.position
                )
            }
            column.append(try element(&reader))
        }
    }

    private mutating func readMetadata(_ reader: inout JSONReader) throws(JSONError) {
        var bytes: [UInt8] = []
        try Self.read(&reader, into: &metadataEnd) { reader throws(JSONError) in
            try reader.rawValue(into: &bytes)
            return bytes.count
        }
        metadataBytes = bytes
    }

    private static func count(_ reader: inout JSONReader) throws(JSONError) -> Int {
        let count = try reader.int()
        guard (0...MeasurementRow.maximumSent).contains(count) else {
            throw JSONError(.mismatch, "a count is from 0 to \(MeasurementRow.maximumSent)", at: reader.position)
        }
        return count
    }

    private static func status(_ reader: inout JSONReader) throws(JSONError) -> MeasurementStatus {
        guard let status = UInt8(exactly: try reader.int()).flatMap(MeasurementStatus.init) else {
            throw JSONError(.mismatch, "unknown status", at: reader.position)
        }
        return status
    }

    private static func reason(_ reader: inout JSONReader) throws(JSONError) -> FailureReason {
        guard let reason = UInt8(exactly: try reader.int()).flatMap(FailureReason.init) else {
            throw JSONError(.mismatch, "unknown reason", at: reader.position)
        }
        return reason
    }

    func write(to writer: inout JSONWriter) {
        writer.beginObject()
        writer.key("series")
        writer.ints(series)
        writer.key("id")
        writer.elements(id)
        writer.key("timestamp")
        writer.elements(timestamp)
        writer.key("latency_ms")
        writer.beginArray()
        for value in latency {
            if value.isNaN { writer.null() } else { writer.double(value) }
        }
        writer.endArray()
        writer.key("status")
        writer.ints(status.lazy.map { Int($0.rawValue) })
        writer.key("reason")
        writer.ints(reason.lazy.map { Int($0.rawValue) })
        writer.key("sent")
        writer.ints(sent)
        writer.key("received")
        writer.ints(received)
        writer.key("metadata")
        writer.beginArray()
        for index in 0..<count { writer.raw(metadata(index)) }
        writer.endArray()
        writer.endObject()
    }

    static var schema: JSONSchema {
        .object(
            name: "MeasurementColumns",
            [
                .init("series", .array(.integer)), .init("id", .array(.uuid)), .init("timestamp", .array(.integer)),
                .init("latency_ms", .array(.nullable(.number))), .init("status", .array(.integer)),
                .init("reason", .array(.integer)), .init("sent", .array(.integer)),
                .init("received", .array(.integer)), .init("metadata", .array(.any)),
            ]
        )
    }
}
