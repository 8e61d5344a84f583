/// Reads a value of any `Decodable` type from JSON text.
///
/// Throws `JSONError`: `.malformed` when the bytes are not one strict JSON text or an object has a key twice, and
/// `.mismatch` with the path of the value (`targets[3].name: expected a string`) when they are not a `T`.
public func decodeJSON<T: Decodable>(_ type: T.Type, from bytes: some Collection<UInt8>) throws -> T {
    let tape = try JSONTape(Array(bytes))
    do {
        return try JSONTapeDecoder(tape: tape, node: 0).decode(type)
    } catch let error as DecodingError {
        throw JSONError(error)
    }
}

/// Decodes the value at one node of the tape.
struct JSONTapeDecoder: Decoder {
    let tape: JSONTape
    let node: Int

    var codingPath: [any CodingKey] { tape.path(to: node) }
    var userInfo: [CodingUserInfoKey: Any] { [:] }

    func container<Key: CodingKey>(keyedBy type: Key.Type) throws -> KeyedDecodingContainer<Key> {
        guard tape.nodes[node].kind == .object else { throw tape.mismatch("expected an object", at: node) }
        return KeyedDecodingContainer(JSONKeyedDecoding(tape: tape, object: node))
    }

    func unkeyedContainer() throws -> any UnkeyedDecodingContainer {
        guard tape.nodes[node].kind == .array else { throw tape.mismatch("expected an array", at: node) }
        return JSONUnkeyedDecoding(tape: tape, array: node)
    }

    func singleValueContainer() -> any SingleValueDecodingContainer { self }

    /// Reads the value through a reader of its own bytes.
    func read<T>(_ body: (inout JSONReader) throws(JSONError) -> T) throws(JSONError) -> T {
        try tape.read(node, body)
    }
}

extension JSONTapeDecoder: SingleValueDecodingContainer {
    func decodeNil() -> Bool { tape.isNull(node) }
    func decode(_ type: Bool.Type) throws -> Bool { try read { reader throws(JSONError) in try reader.bool() } }
    func decode(_ type: String.Type) throws -> String { try read { reader throws(JSONError) in try reader.string() } }
    func decode(_ type: Double.Type) throws -> Double { try read { reader throws(JSONError) in try reader.double() } }
    func decode(_ type: Float.Type) throws -> Float {
        let value = Float(try decode(Double.self))
        guard value.isFinite else { throw tape.mismatch("the number is out of range", at: node) }
        return value
    }
    func decode(_ type: Int.Type) throws -> Int { try integer() }
    func decode(_ type: Int8.Type) throws -> Int8 { try integer() }
    func decode(_ type: Int16.Type) throws -> Int16 { try integer() }
    func decode(_ type: Int32.Type) throws -> Int32 { try integer() }
    func decode(_ type: Int64.Type) throws -> Int64 { try integer() }
    func decode(_ type: UInt.Type) throws -> UInt { try integer() }
    func decode(_ type: UInt8.Type) throws -> UInt8 { try integer() }
    func decode(_ type: UInt16.Type) throws -> UInt16 { try integer() }
    func decode(_ type: UInt32.Type) throws -> UInt32 { try integer() }
    func decode(_ type: UInt64.Type) throws -> UInt64 {
        try read { reader throws(JSONError) in try reader.uint64() }
    }

    func decode<T: Decodable>(_ type: T.Type) throws -> T {
        // The common leaves, without a container each.
        if type == String.self, let value = try decode(String.self) as? T { return value }
        if type == Int.self, let value = try decode(Int.self) as? T { return value }
        if type == Double.self, let value = try decode(Double.self) as? T { return value }
        if type == Bool.self, let value = try decode(Bool.self) as? T { return value }
        return try column() ?? T(from: self)
    }

    /// The common arrays at once; `nil` when this is none, or when an element is to be named in an error.
    private func column<T>() -> T? {
        if T.self == [String].self { return (try? read([String].init(from:))) as? T }
        if T.self == [Int].self { return (try? read([Int].init(from:))) as? T }
        if T.self == [[Int]].self { return (try? read([[Int]].init(from:))) as? T }
        if T.self == [Double].self { return (try? read([Double].init(from:))) as? T }
        if T.self == [Double?].self { return (try? read([Double?].init(from:))) as? T }
        return nil
    }

    private func integer<I: FixedWidthInteger>() throws -> I {
        if I.self == UInt.self { return I(try decode(UInt64.self)) }
        let wide = try read { reader throws(JSONError) in try reader.int64() }
        guard let value = I(exactly: wide) else { throw tape.mismatch("the number is out of range", at: node) }
        return value
    }
}

extension JSONError {
    init(_ error: DecodingError) {
        switch error {
        case .keyNotFound(let key, let context):
            self = .mismatch("is missing", path: context.codingPath + [key], at: 0)
        case .typeMismatch(_, let context), .valueNotFound(_, let context), .dataCorrupted(let context):
            self = .mismatch(context.debugDescription, path: context.codingPath, at: 0)
        @unknown default:
            self = JSONError(.mismatch, "\(error)", at: 0)
        }
    }
}
