public import JSONRPC
public import Observability

/// Names a tenant: 1 to 64 lowercase letters, digits and hyphens; a UUID for all but the first one.
public struct TenantID: RawRepresentable, Codable, Hashable, Sendable, CustomStringConvertible {
    /// The tenant that an installation begins with.
    public static let first = Self(rawValue: "default")

    public var rawValue: String

    public init(rawValue: String) {
        self.rawValue = rawValue
    }

    public init(from decoder: any Decoder) throws {
        rawValue = try decoder.singleValueContainer().decode(String.self)
        let isName = (1...64).contains(rawValue.utf8.count) && rawValue.utf8.allSatisfy(Self.isNameByte)
        guard isName else {
            throw DecodingError.dataCorrupted(
                .init(codingPath: decoder.codingPath, debugDescription: "expected a tenant's id")
            )
        }
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(rawValue)
    }

    public var description: String { rawValue }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"): true
        default: false
        }
    }
}

extension TenantID: JSONSchemaProviding {
    public static var jsonSchema: JSONSchema { .string }
    public static var placeholder: Self { first }
}

extension TenantID {
    /// What a service does on its own behalf, and the rows that are of no tenant; no token can name it.
    public static let every = Self(rawValue: "*")

    /// Whose rows the current call is about: the person's own, or all of them where a service calls.
    public static var ofCall: Self { CallContext.current?.person?.tenant ?? .every }
}

extension CallContext {
    /// For whom the call is made; `nil` for what a service calls on its own behalf.
    public var person: Person? { principal as? Person }
}

extension Person {
    /// The one for whom the current call is made.
    ///
    /// Throws `unauthenticated` where there is none.
    public static var ofCall: Person {
        get throws(RPCError) {
            guard let person = CallContext.current?.person else {
                throw RPCError(.unauthenticated, "a token is needed")
            }
            return person
        }
    }
}
