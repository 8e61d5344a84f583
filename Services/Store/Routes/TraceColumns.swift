import JSON

/// The columns of a trace's metadata, from the first hop on; those that did not fit are empty or shorter.
///
/// Of two columns with one name the last counts; no agent writes such.
struct TraceColumns {
    /// One, several, or none where nobody answered.
    private(set) var addresses: [[String]] = []
    private(set) var sent: [Int] = []
    private(set) var received: [Int] = []
    /// Milliseconds.
    private(set) var mean: [Double?] = []
    private(set) var minimum: [Double?] = []
    private(set) var last: [Double?] = []
    private(set) var maximum: [Double?] = []

    /// Throws `JSONError` for what has no hops, as a trace that could not be sent, or is no trace.
    init(metadata: ArraySlice<UInt8>) throws(JSONError) {
        let columns = try JSONReader.read(metadata) { reader throws(JSONError) in
            var columns: Self?
            try reader.beginObject()
            while let key = try reader.nextKey() {
                switch key {
                case "hops": columns = try reader.readIfNull() ? nil : Self(from: &reader)
                default: try reader.skip()
                }
            }
            try reader.finish()
            return columns
        }
        guard let columns else { throw JSONError(.mismatch, "hops is missing", at: 0) }
        self = columns
    }

    private init(from reader: inout JSONReader) throws(JSONError) {
        var sent: [Int]?
        try reader.beginObject()
        while let key = try reader.nextKey() {
            switch key {
            case "address": addresses = try Self.addresses(&reader)
            case "sent": sent = try [Int](from: &reader)
            case "received": received = try [Int]?(from: &reader) ?? []
            case "avg_ms": mean = try [Double?]?(from: &reader) ?? []
            case "min_ms": minimum = try [Double?]?(from: &reader) ?? []
            case "last_ms": last = try [Double?]?(from: &reader) ?? []
            case "max_ms": maximum = try [Double?]?(from: &reader) ?? []
            default: try reader.skip()
            }
        }
        guard let sent else { throw JSONError(.mismatch, "sent is missing", at: reader.position) }
        self.sent = sent
    }

    private static func addresses(_ reader: inout JSONReader) throws(JSONError) -> [[String]] {
        guard try !reader.readIfNull() else { return [] }
        var addresses: [[String]] = []
        try reader.beginArray()
        while try reader.nextElement() {
            if try reader.readIfNull() {
                addresses.append([])
            } else if reader.peekKind() == .array {
                addresses.append(try [String](from: &reader))
            } else {
                addresses.append([try reader.string()])
            }
        }
        return addresses
    }
}
