import JSON

/// One request object of JSON-RPC 2.0, taken apart but not decoded: the ranges lie in the bytes it was read from.
struct RPCEnvelope {
    var method: Range<Int>
    /// `nil` when left out.
    var params: Range<Int>?
    /// A string, a number or null; `nil` for a notification.
    var id: Range<Int>?
    /// The bytes of `method`, unescaped, hashed with FNV-1a.
    var methodHash: UInt64
}

/// What the bytes of a JSON-RPC message hold; `nil` stands for what is JSON but no request object.
enum RPCMessage {
    case single(RPCEnvelope?)
    case batch([RPCEnvelope?])
}

extension RPCMessage {
    /// Requests a batch may hold.
    static let maximumBatch = 100

    /// Reads a message, checking every byte of it; throws what answers the message as a whole.
    init(_ bytes: [UInt8]) throws(RPCError) {
        do {
            self = try JSONReader.read(bytes) { reader throws(JSONError) in
                let message =
                    reader.peekKind() == .array
                    ? RPCMessage.batch(try Self.batch(&reader)) : .single(try RPCEnvelope.read(&reader))
                try reader.finish()
                return message
            }
        } catch {
            throw RPCError(.parseError, "not JSON: \(error.message) at byte \(error.offset)")
        }
        if case .batch(let requests) = self, requests.isEmpty || requests.count > Self.maximumBatch {
            throw RPCError(.invalidRequest, "a batch holds 1 to \(Self.maximumBatch) requests")
        }
    }

    private static func batch(_ reader: inout JSONReader) throws(JSONError) -> [RPCEnvelope?] {
        var requests: [RPCEnvelope?] = []
        try reader.beginArray()
        while try reader.nextElement() {
            // Beyond the limit only the count matters, and that the rest is JSON.
            if requests.count <= maximumBatch {
                requests.append(try RPCEnvelope.read(&reader))
            } else {
                try reader.skip()
            }
        }
        return requests
    }
}

extension RPCEnvelope {
    /// Reads one element; what is JSON but no request object is `nil`, what is no JSON is thrown.
    static func read(_ reader: inout JSONReader) throws(JSONError) -> RPCEnvelope? {
        guard reader.peekKind() == .object else {
            try reader.skip()
            return nil
        }
        var fields = Fields()
        try reader.beginObject()
        while let member = try reader.nextKey({ Member($0) }) {
            switch member {
            case .version: try fields.readVersion(&reader)
            case .method: try fields.readMethod(&reader)
            case .params: try fields.readParams(&reader)
            case .id: try fields.readID(&reader)
            case .other: try reader.skip()
            }
        }
        return fields.envelope()
    }

    /// The members of a request object.
    private enum Member {
        case version, method, params, id, other

        /// Their lengths tell all but two of them apart.
        init(_ key: Span<UInt8>) {
            switch key.count {
            case 2 where key.holds("id"): self = .id
            case 6 where key.holds("method"): self = .method
            case 6 where key.holds("params"): self = .params
            case 7 where key.holds("jsonrpc"): self = .version
            default: self = .other
            }
        }
    }

    /// What has been read of a request object so far.
    private struct Fields {
        private var hasVersion = false
        private var method: (range: Range<Int>, hash: UInt64)?
        private var params: Range<Int>?
        private var id: Range<Int>?
        private var isInvalid = false

        mutating func readVersion(_ reader: inout JSONReader) throws(JSONError) {
            guard reader.peekKind() == .string else { return try refuse(&reader) }
            let isTwo = try reader.string { $0.holds("2.0") }
            isInvalid = isInvalid || hasVersion || !isTwo
            hasVersion = true
        }

        mutating func readMethod(_ reader: inout JSONReader) throws(JSONError) {
            guard reader.peekKind() == .string, method == nil else { return try refuse(&reader) }
            let start = reader.position
            let hash = try reader.string { fnv1a($0) }
            method = (start..<reader.position, hash)
        }

        mutating func readParams(_ reader: inout JSONReader) throws(JSONError) {
            let kind = reader.peekKind()
            guard kind == .object || kind == .array, params == nil else { return try refuse(&reader) }
            params = try reader.rawValue()
        }

        mutating func readID(_ reader: inout JSONReader) throws(JSONError) {
            let kind = reader.peekKind()
            guard kind == .string || kind == .number || kind == .null, id == nil else { return try refuse(&reader) }
            id = try reader.rawValue()
        }

        private mutating func refuse(_ reader: inout JSONReader) throws(JSONError) {
            isInvalid = true
            try reader.skip()
        }

        func envelope() -> RPCEnvelope? {
            guard !isInvalid, hasVersion, let method else { return nil }
            return RPCEnvelope(method: method.range, params: params, id: id, methodHash: method.hash)
        }
    }
}

/// FNV-1a, 64 bits (Fowler, Noll, Vo): spreads the names of a fixed table.
func fnv1a(_ bytes: Span<UInt8>) -> UInt64 {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for index in bytes.indices {
        hash = (hash ^ UInt64(bytes[index])) &* 0x100_0000_01b3
    }
    return hash
}

extension Span<UInt8> {
    /// Whether these are the letters of `text`.
    func holds(_ text: StaticString) -> Bool {
        guard count == text.utf8CodeUnitCount else { return false }
        return text.withUTF8Buffer { text in indices.allSatisfy { unsafe self[$0] == text[$0] } }
    }
}
