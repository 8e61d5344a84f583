/// Writes members of the text's innermost object.
struct JSONKeyedEncoding<Key: CodingKey>: KeyedEncodingContainerProtocol {
    let text: JSONEncoding

    var codingPath: [any CodingKey] { text.path }

    private func begin(_ key: some CodingKey) { text.writer.key(named: key.stringValue) }

    func encodeNil(forKey key: Key) {
        begin(key)
        text.writer.null()
    }
    func encode(_ value: Bool, forKey key: Key) {
        begin(key)
        text.writer.bool(value)
    }
    func encode(_ value: String, forKey key: Key) {
        begin(key)
        text.writer.string(value)
    }
    func encode(_ value: Double, forKey key: Key) throws {
        try text.attempt {
            begin(key)
            try text.double(value, at: key)
        }
    }
    func encode(_ value: Float, forKey key: Key) throws {
        try text.attempt {
            begin(key)
            try text.float(value, at: key)
        }
    }
    func encode(_ value: Int, forKey key: Key) {
        begin(key)
        text.writer.int64(Int64(value))
    }
    func encode(_ value: Int8, forKey key: Key) {
        begin(key)
        text.writer.int64(Int64(value))
    }
    func encode(_ value: Int16, forKey key: Key) {
        begin(key)
        text.writer.int64(Int64(value))
    }
    func encode(_ value: Int32, forKey key: Key) {
        begin(key)
        text.writer.int64(Int64(value))
    }
    func encode(_ value: Int64, forKey key: Key) {
        begin(key)
        text.writer.int64(Int64(value))
    }
    func encode(_ value: UInt, forKey key: Key) {
        begin(key)
        text.writer.uint64(UInt64(value))
    }
    func encode(_ value: UInt8, forKey key: Key) {
        begin(key)
        text.writer.uint64(UInt64(value))
    }
    func encode(_ value: UInt16, forKey key: Key) {
        begin(key)
        text.writer.uint64(UInt64(value))
    }
    func encode(_ value: UInt32, forKey key: Key) {
        begin(key)
        text.writer.uint64(UInt64(value))
    }
    func encode(_ value: UInt64, forKey key: Key) {
        begin(key)
        text.writer.uint64(UInt64(value))
    }
    func encode<T: Encodable>(_ value: T, forKey key: Key) throws {
        try text.attempt {
            begin(key)
            try text.encode(value, at: key)
        }
    }

    func nestedContainer<Nested: CodingKey>(
        keyedBy type: Nested.Type,
        forKey key: Key
    ) -> KeyedEncodingContainer<Nested> {
        begin(key)
        return text.part(at: key).container(keyedBy: type)
    }

    func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedEncodingContainer {
        begin(key)
        return text.part(at: key).unkeyedContainer()
    }

    func superEncoder() -> any Encoder {
        let key = JSONCodingKey(stringValue: "super")
        begin(key)
        return text.part(at: key)
    }

    func superEncoder(forKey key: Key) -> any Encoder {
        begin(key)
        return text.part(at: key)
    }
}
