/// The structure of one JSON text in document order, for a decoder that asks for values in an order of its own.
///
/// Confined to the call of `decodeJSON` that made it.
final class JSONTape {
    struct Node {
        var kind: JSONKind
        /// A string with escapes, so its bytes are not its text.
        var isEscaped = false
        /// The value's bytes, quotes and brackets included.
        var start: Int32
        var end: Int32 = 0
        /// The node behind this one and all that it contains.
        var next: Int32 = 0
        /// Elements of an array, members of an object.
        ///
        /// A member is two nodes: its key and its value.
        var count: Int32 = 0
        /// Where the last look-up in an object ended: keys are mostly asked for in the order they come in.
        var lastKey: Int32 = 0
    }

    let bytes: [UInt8]
    var nodes: [Node] = []

    /// Reads all of `bytes`, which must be one text without duplicate keys.
    init(_ bytes: [UInt8]) throws(JSONError) {
        self.bytes = bytes
        guard bytes.count < Int32.max else { throw JSONError(.malformed, "the text is too long", at: 0) }
        nodes.reserveCapacity(bytes.count / 8)
        try JSONReader.read(bytes) { reader throws(JSONError) in
            try append(&reader)
            try reader.finish()
        }
    }

    private func append(_ reader: inout JSONReader) throws(JSONError) {
        reader.skipWhitespace()
        let kind = reader.peekKind()
        let node = nodes.count
        nodes.append(Node(kind: kind ?? .null, start: Int32(reader.position)))
        switch kind {
        case .string: nodes[node].isEscaped = try reader.scanString().isEscaped
        case .object: nodes[node].count = try appendMembers(&reader)
        case .array:
            try reader.beginArray()
            while try reader.nextElement() {
                try append(&reader)
                nodes[node].count += 1
            }
        case .number, .bool, .null, nil: try reader.skip()
        }
        nodes[node].end = Int32(reader.position)
        nodes[node].next = Int32(nodes.count)
        nodes[node].lastKey = Int32(node + 1)
    }

    private func appendMembers(_ reader: inout JSONReader) throws(JSONError) -> Int32 {
        var keys = JSONKeySet()
        var count: Int32 = 0
        try reader.beginObject()
        while let token = try reader.nextKeyToken() {
            try keys.insert(reader.key(token), before: reader.position)
            let start = Int32(token.range.lowerBound - 1)
            let end = Int32(token.range.upperBound + 1)
            let next = Int32(nodes.count + 1)
            nodes.append(Node(kind: .string, isEscaped: token.isEscaped, start: start, end: end, next: next))
            try append(&reader)
            count += 1
        }
        return count
    }

    /// Reads one node's bytes; an error names the node's path.
    func read<T>(_ node: Int, _ body: (inout JSONReader) throws(JSONError) -> T) throws(JSONError) -> T {
        do {
            let range = Int(nodes[node].start)..<Int(nodes[node].end)
            return try unsafe bytes.withUnsafeBufferPointer { bytes throws(JSONError) in
                let value = unsafe UnsafeBufferPointer(rebasing: bytes[range])
                var reader = unsafe JSONReader(value, depthLimit: JSONReader.defaultDepthLimit)
                return try body(&reader)
            }
        } catch {
            throw mismatch(error.message, at: node)
        }
    }

    /// The value of the member `key` of an object.
    func member(_ key: String, of object: Int) -> Int? {
        let (first, end) = (object + 1, Int(nodes[object].next))
        guard first < end else { return nil }
        let start = Int(nodes[object].lastKey)
        var candidate = start
        repeat {
            if isKey(candidate, key) {
                nodes[object].lastKey = Int32(candidate)
                return candidate + 1
            }
            candidate = Int(nodes[candidate + 1].next)
            if candidate == end { candidate = first }
        } while candidate != start
        return nil
    }

    private func isKey(_ node: Int, _ key: String) -> Bool {
        guard !nodes[node].isEscaped else { return text(node) == key }
        let name = Int(nodes[node].start) + 1..<Int(nodes[node].end) - 1
        guard name.count == key.utf8.count else { return false }
        return bytes[name].elementsEqual(key.utf8)
    }

    /// The text of a string node.
    func text(_ node: Int) -> String {
        // Strings on the tape have been read once, so they can be read again.
        (try? read(node) { reader throws(JSONError) in try reader.string() }) ?? ""
    }

    func isNull(_ node: Int) -> Bool { nodes[node].kind == .null }
}
