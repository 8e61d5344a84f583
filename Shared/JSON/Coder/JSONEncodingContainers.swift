/// Writes elements of the text's innermost array.
struct JSONUnkeyedEncoding: UnkeyedEncodingContainer {
    let text: JSONEncoding
    private(set) var count = 0

    init(text: JSONEncoding) { self.text = text }

    var codingPath: [any CodingKey] { text.path }

    /// The key of the element that is written next.
    private mutating func next() -> JSONCodingKey {
        defer { count += 1 }
        return JSONCodingKey(intValue: count)
    }

    mutating func encodeNil() {
        text.writer.null()
        count += 1
    }

    mutating func encode<T: Encodable>(_ value: T) throws {
        let key = next()
        try text.attempt { try text.encode(value, at: key) }
    }

    mutating func nestedContainer<Nested: CodingKey>(keyedBy type: Nested.Type) -> KeyedEncodingContainer<Nested> {
        text.part(at: next()).container(keyedBy: type)
    }

    mutating func nestedUnkeyedContainer() -> any UnkeyedEncodingContainer { text.part(at: next()).unkeyedContainer() }

    mutating func superEncoder() -> any Encoder { text.part(at: next()) }
}

/// Writes one value that is not a container.
struct JSONSingleEncoding: SingleValueEncodingContainer {
    let text: JSONEncoding

    var codingPath: [any CodingKey] { text.path }

    func encodeNil() { text.writer.null() }
    func encode(_ value: Bool) { text.writer.bool(value) }
    func encode(_ value: String) { text.writer.string(value) }
    func encode(_ value: Double) throws { try text.double(value) }
    func encode(_ value: Float) throws { try text.float(value) }
    func encode(_ value: Int) { text.writer.int64(Int64(value)) }
    func encode(_ value: Int8) { text.writer.int64(Int64(value)) }
    func encode(_ value: Int16) { text.writer.int64(Int64(value)) }
    func encode(_ value: Int32) { text.writer.int64(Int64(value)) }
    func encode(_ value: Int64) { text.writer.int64(Int64(value)) }
    func encode(_ value: UInt) { text.writer.uint64(UInt64(value)) }
    func encode(_ value: UInt8) { text.writer.uint64(UInt64(value)) }
    func encode(_ value: UInt16) { text.writer.uint64(UInt64(value)) }
    func encode(_ value: UInt32) { text.writer.uint64(UInt64(value)) }
    func encode(_ value: UInt64) { text.writer.uint64(UInt64(value)) }
    func encode<T: Encodable>(_ value: T) throws { try text.encode(value) }
}
