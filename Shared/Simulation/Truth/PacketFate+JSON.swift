import EventLoop
public import JSON

/// One line of a truth file. Times are nanoseconds since the network began.
///
///     {"number":2,"cause":1,"from":"10.0.2.10","to":"10.0.0.2","protocol":1,"bytes":84,"sent":13000000,
///      "ended":26000000,"outcome":"delivered","path":["web","r2","r1","here"]}
extension PacketFate: JSONCodable {
    public func write(to writer: inout JSONWriter) {
        writer.beginObject()
        writer.key("number")
        writer.int(number)
        if let cause {
            writer.key("cause")
            writer.int(cause)
        }
        if isCopy {
            writer.key("copy")
            writer.bool(true)
        }
        writer.key("from")
        writer.string(source.description)
        writer.key("to")
        writer.string(destination.description)
        writer.key("protocol")
        writer.int(Int(protocolNumber))
        writer.key("bytes")
        writer.int(byteCount)
        writer.key("sent")
        writer.uint64(sentAt)
        writer.key("ended")
        writer.uint64(endedAt)
        writer.key("outcome")
        writer.string(outcome.rawValue)
        writer.key("path")
        writer.beginArray()
        for node in path { writer.string(node) }
        writer.endArray()
        writer.endObject()
    }

    public init(from reader: inout JSONReader) throws(JSONError) {
        self.init(
            number: 0,
            isCopy: false,
            source: .any,
            destination: .any,
            protocolNumber: 0,
            byteCount: 0,
            sentAt: 0,
            endedAt: 0,
            outcome: .delivered,
            path: []
        )
        try reader.beginObject()
        while let key = try reader.nextKey() {
            switch key {
            case "number": number = try reader.int()
            case "cause": cause = try reader.int()
            case "copy": isCopy = try reader.bool()
            case "from": source = try Self.address(&reader)
            case "to": destination = try Self.address(&reader)
            case "protocol": protocolNumber = UInt8(clamping: try reader.int())
            case "bytes": byteCount = try reader.int()
            case "sent": sentAt = try reader.uint64()
            case "ended": endedAt = try reader.uint64()
            case "outcome":
                guard let known = Outcome(rawValue: try reader.string()) else {
                    throw JSONError(.mismatch, "an outcome that is unknown", at: reader.position)
                }
                outcome = known
            case "path":
                try reader.beginArray()
                while try reader.nextElement() { path.append(try reader.string()) }
            default: try reader.skip()
            }
        }
        guard number > 0, !path.isEmpty, sentAt <= endedAt, endedAt <= UInt64(Int64.max) else {
            throw JSONError(.mismatch, "no packet's fate", at: reader.position)
        }
    }

    private static func address(_ reader: inout JSONReader) throws(JSONError) -> IPAddress {
        guard let address = IPAddress(try reader.string()) else {
            throw JSONError(.mismatch, "expected an address", at: reader.position)
        }
        return address
    }
}
