extension JSONSchema {
    /// Reads the schema of a `Decodable` type off its `init(from:)`: a decoder that answers every question with a
    /// placeholder, and writes down what was asked.
    ///
    /// A type that refuses placeholders must conform to `JSONSchemaProviding`; that is our bug, found at start.
    static func reflecting<Value: Decodable>(_ type: Value.Type) -> JSONSchema {
        do {
            return try placeholder(type).schema
        } catch {
            preconditionFailure("\(type) hides its schema (\(error)); conform to JSONSchemaProviding")
        }
    }

    fileprivate static func placeholder<Value: Decodable>(_ type: Value.Type) throws -> (value: Value, schema: Self) {
        if let provider = type as? any JSONSchemaProviding.Type {
            return (try cast(provider.placeholder), provider.jsonSchema)
        }
        if let optional = type as? any OptionalValue.Type {
            let found = try optional.wrappedPlaceholder()
            return (try cast(found.value), .nullable(found.schema))
        }
        switch type {
        case is Bool.Type: return (try cast(false), .boolean)
        case is String.Type: return (try cast(""), .string)
        case is Double.Type: return (try cast(0.0), .number)
        case is Int.Type: return (try cast(0), .integer)
        case is Int64.Type: return (try cast(Int64(0)), .integer)
        default: break
        }
        let notes = SchemaNotes()
        let value = try Value(from: SchemaDecoder(notes: notes))
        return (value, notes.schema(named: "\(type)"))
    }

    private static func cast<Value>(_ value: Any) throws -> Value {
        guard let value = value as? Value else {
            throw RPCError(.internalError, "a placeholder of another type")
        }
        return value
    }
}

/// An element that may be null; members that may be left out are asked for by `decodeIfPresent`.
private protocol OptionalValue {
    static func wrappedPlaceholder() throws -> (value: Any, schema: JSONSchema)
}

extension Optional: OptionalValue where Wrapped: Decodable {
    fileprivate static func wrappedPlaceholder() throws -> (value: Any, schema: JSONSchema) {
        let found = try JSONSchema.placeholder(Wrapped.self)
        return (Self.some(found.value) as Any, found.schema)
    }
}

/// What one type's decoding asked for.
private final class SchemaNotes {
    var properties: [JSONSchema.Property] = []
    var element: JSONSchema?
    var value: JSONSchema?
    var isDictionary = false

    func note(_ key: any CodingKey, _ schema: JSONSchema, isRequired: Bool) {
        if isDictionary || key is AnyKey {
            isDictionary = true
            value = schema
        } else {
            properties.append(JSONSchema.Property(key.stringValue, schema, isRequired: isRequired))
        }
    }

    func schema(named name: String) -> JSONSchema {
        if let element { return .array(element) }
        if isDictionary { return .dictionary(value ?? .any) }
        return value ?? .object(name: name, properties)
    }
}

private struct AnyKey: CodingKey {
    var stringValue: String
    var intValue: Int? { nil }

    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
}

private struct SchemaDecoder: Decoder {
    let notes: SchemaNotes
    var codingPath: [any CodingKey] { [] }
    var userInfo: [CodingUserInfoKey: Any] { [:] }

    func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedDecodingContainer<Key> {
        notes.isDictionary = Key(stringValue: "\u{1}any") != nil
        return KeyedDecodingContainer(KeyedSchemaContainer<Key>(notes: notes))
    }

    func unkeyedContainer() -> any UnkeyedDecodingContainer {
        UnkeyedSchemaContainer(notes: notes)
    }

    func singleValueContainer() -> any SingleValueDecodingContainer {
        SingleSchemaContainer(notes: notes)
    }
}

private struct KeyedSchemaContainer<Key: CodingKey>: KeyedDecodingContainerProtocol {
    let notes: SchemaNotes
    var codingPath: [any CodingKey] { [] }
    /// A dictionary is shown one key, so that it asks for the type of its values.
    var allKeys: [Key] { Key(stringValue: "key").map { notes.isDictionary ? [$0] : [] } ?? [] }

    func contains(_ key: Key) -> Bool { true }
    func decodeNil(forKey key: Key) -> Bool { false }

    func decode<Value: Decodable>(_ type: Value.Type, forKey key: Key) throws -> Value {
        let found = try JSONSchema.placeholder(type)
        notes.note(key, found.schema, isRequired: true)
        return found.value
    }

    func decodeIfPresent<Value: Decodable>(_ type: Value.Type, forKey key: Key) throws -> Value? {
        try optional(type, key)
    }

    // Without these, the protocol's own ask for a value that must be there.
    func decodeIfPresent(_ type: Bool.Type, forKey key: Key) throws -> Bool? { try optional(type, key) }
    func decodeIfPresent(_ type: String.Type, forKey key: Key) throws -> String? { try optional(type, key) }
    func decodeIfPresent(_ type: Double.Type, forKey key: Key) throws -> Double? { try optional(type, key) }
    func decodeIfPresent(_ type: Int.Type, forKey key: Key) throws -> Int? { try optional(type, key) }
    func decodeIfPresent(_ type: Int64.Type, forKey key: Key) throws -> Int64? { try optional(type, key) }

    private func optional<Value: Decodable>(_ type: Value.Type, _ key: Key) throws -> Value? {
        let found = try JSONSchema.placeholder(type)
        notes.note(key, found.schema, isRequired: false)
        return found.value
    }

    func nestedContainer<Nested: CodingKey>(
        keyedBy type: Nested.Type,
        forKey key: Key
    ) throws -> KeyedDecodingContainer<Nested> {
        throw RPCError(.internalError, "nested containers have no schema of their own")
    }

    func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer {
        throw RPCError(.internalError, "nested containers have no schema of their own")
    }

    func superDecoder() -> any Decoder { SchemaDecoder(notes: notes) }
    func superDecoder(forKey key: Key) -> any Decoder { SchemaDecoder(notes: notes) }
}

private struct UnkeyedSchemaContainer: UnkeyedDecodingContainer {
    let notes: SchemaNotes
    var codingPath: [any CodingKey] { [] }
    var count: Int? { 1 }
    var isAtEnd: Bool { currentIndex == 1 }
    private(set) var currentIndex = 0

    init(notes: SchemaNotes) {
        self.notes = notes
    }

    mutating func decodeNil() -> Bool { false }

    mutating func decode<Value: Decodable>(_ type: Value.Type) throws -> Value {
        let found = try JSONSchema.placeholder(type)
        notes.element = found.schema
        currentIndex = 1
        return found.value
    }

    mutating func nestedContainer<Nested: CodingKey>(
        keyedBy type: Nested.Type
    ) throws -> KeyedDecodingContainer<Nested> {
        throw RPCError(.internalError, "nested containers have no schema of their own")
    }

    mutating func nestedUnkeyedContainer() throws -> any UnkeyedDecodingContainer {
        throw RPCError(.internalError, "nested containers have no schema of their own")
    }

    mutating func superDecoder() -> any Decoder { SchemaDecoder(notes: notes) }
}

private struct SingleSchemaContainer: SingleValueDecodingContainer {
    let notes: SchemaNotes
    var codingPath: [any CodingKey] { [] }

    func decodeNil() -> Bool { false }

    func decode<Value: Decodable>(_ type: Value.Type) throws -> Value {
        let found = try JSONSchema.placeholder(type)
        notes.value = found.schema
        return found.value
    }
}
