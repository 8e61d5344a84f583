public import JSON

/// A type that crosses the wire as a method's params, result or element.
///
/// A `Codable` type needs no more than the conformance; its schema is read off its decoder. A hot type conforms to
/// `JSONCodable` and states its schema itself.
public protocol RPCPayload: Sendable {
    init(payload bytes: ArraySlice<UInt8>) throws
    func writePayload(to writer: inout JSONWriter) throws
    static var schema: JSONSchema { get }
}

extension RPCPayload where Self: Codable {
    public init(payload bytes: ArraySlice<UInt8>) throws {
        self = try decodeJSON(Self.self, from: bytes)
    }

    public func writePayload(to writer: inout JSONWriter) throws {
        writer.raw(try encodeJSON(self))
    }

    public static var schema: JSONSchema { .reflecting(Self.self) }
}

extension RPCPayload where Self: JSONCodable {
    public init(payload bytes: ArraySlice<UInt8>) throws {
        try self.init(json: bytes)
    }

    public func writePayload(to writer: inout JSONWriter) throws {
        write(to: &writer)
    }
}

/// No parameters, or a result that says nothing: `{}`.
public struct Empty: Codable, Equatable, RPCPayload {
    public init() {}
}
