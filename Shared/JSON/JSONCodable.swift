/// A type that reads and writes its own JSON, without the cost of `Codable`.
///
/// For the messages that make up the traffic; everything else is `Codable`.
public protocol JSONCodable {
    /// Reads one value; throws `.mismatch` when it is not of this type.
    init(from reader: inout JSONReader) throws(JSONError)
    /// Writes one value.
    func write(to writer: inout JSONWriter)
}

extension JSONCodable {
    /// Reads a text that holds one value of this type and nothing else.
    @inlinable
    public init(json bytes: some Collection<UInt8>) throws(JSONError) {
        self = try JSONReader.read(bytes) { reader throws(JSONError) in
            let value = try Self(from: &reader)
            try reader.finish()
            return value
        }
    }

    /// The value as JSON text.
    @inlinable
    public func json(capacity: Int = 256) -> [UInt8] {
        var writer = JSONWriter(capacity: capacity)
        write(to: &writer)
        return writer.bytes
    }
}

extension String: JSONCodable {
    @inlinable
    public init(from reader: inout JSONReader) throws(JSONError) { self = try reader.string() }

    @inlinable
    public func write(to writer: inout JSONWriter) { writer.string(self) }
}

extension Int: JSONCodable {
    @inlinable
    public init(from reader: inout JSONReader) throws(JSONError) { self = try reader.int() }

    @inlinable
    public func write(to writer: inout JSONWriter) { writer.int(self) }
}

extension Int64: JSONCodable {
    @inlinable
    public init(from reader: inout JSONReader) throws(JSONError) { self = try reader.int64() }

    @inlinable
    public func write(to writer: inout JSONWriter) { writer.int64(self) }
}

extension UInt64: JSONCodable {
    @inlinable
    public init(from reader: inout JSONReader) throws(JSONError) { self = try reader.uint64() }

    @inlinable
    public func write(to writer: inout JSONWriter) { writer.uint64(self) }
}

extension Double: JSONCodable {
    @inlinable
    public init(from reader: inout JSONReader) throws(JSONError) { self = try reader.double() }

    @inlinable
    public func write(to writer: inout JSONWriter) { writer.double(self) }
}

extension Bool: JSONCodable {
    @inlinable
    public init(from reader: inout JSONReader) throws(JSONError) { self = try reader.bool() }

    @inlinable
    public func write(to writer: inout JSONWriter) { writer.bool(self) }
}

extension Optional: JSONCodable where Wrapped: JSONCodable {
    @inlinable
    public init(from reader: inout JSONReader) throws(JSONError) {
        self = try reader.readIfNull() ? nil : Wrapped(from: &reader)
    }

    @inlinable
    public func write(to writer: inout JSONWriter) {
        guard let self else { return writer.null() }
        self.write(to: &writer)
    }
}

extension Array: JSONCodable where Element: JSONCodable {
    @inlinable
    public init(from reader: inout JSONReader) throws(JSONError) {
        self = []
        try reader.elements(into: &self)
    }

    @inlinable
    public func write(to writer: inout JSONWriter) { writer.elements(self) }
}

extension Dictionary: JSONCodable where Key == String, Value: JSONCodable {
    /// Throws `.malformed` when a key stands there twice.
    @inlinable
    public init(from reader: inout JSONReader) throws(JSONError) {
        self = [:]
        try reader.beginObject()
        while let key = try reader.nextKey() {
            let place = reader.position
            let value = try Value(from: &reader)
            guard updateValue(value, forKey: key.string) == nil else {
                throw JSONError.duplicate(key.string, at: place)
            }
        }
    }

    /// Keys are sorted, so that equal dictionaries are equal texts.
    @inlinable
    public func write(to writer: inout JSONWriter) {
        writer.beginObject()
        for (key, value) in sorted(by: { $0.key < $1.key }) {
            writer.key(named: key)
            value.write(to: &writer)
        }
        writer.endObject()
    }
}
