public import JSON

/// A type that crosses the wire as a method's params, result or element.
///
/// A `Codable` type needs no more than the conformance; its schema is read off its decoder. A hot type conforms to
/// `JSONCodable` and states its schema itself.
public protocol RPCPayload: Sendable {
    init(json bytes: ArraySlice<UInt8>) throws(JSONError)
    func writeJSON(to writer: inout JSONWriter) throws(JSONError)
    static var schema: JSONSchema { get }
}

extension RPCPayload where Self: Codable {
    public init(json bytes: ArraySlice<UInt8>) throws(JSONError) {
        self = try decodeJSON(Self.self, from: bytes)
    }

    public func writeJSON(to writer: inout JSONWriter) throws(JSONError) {
        try encodeJSON(self, to: &writer)
    }

    public static var schema: JSONSchema { .reflecting(Self.self) }
}

extension RPCPayload where Self: JSONCodable {
    public init(json bytes: ArraySlice<UInt8>) throws(JSONError) {
        self = try JSONReader.read(bytes) { reader throws(JSONError) in
            let value = try Self(from: &reader)
            try reader.finish()
            return value
        }
    }

    public func writeJSON(to writer: inout JSONWriter) throws(JSONError) {
        write(to: &writer)
    }
}

/// No parameters, or a result that says nothing: `{}`.
public struct Empty: Codable, Equatable, RPCPayload {
    public init() {}
}
