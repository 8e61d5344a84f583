public import JSONRPC

/// What an API token may be used for: `noun:read` is what viewers may do with what begins with that noun, `noun:write`
/// all that can be done with it.
///
/// The token's role holds besides. Methods about the token's owner (`auth`, `login`, `token`) have no scope, so that no
/// token with scopes can call them.
public struct Scope: RawRepresentable, Codable, Hashable, Sendable {
    public var noun: String
    public var isWrite: Bool

    private static let unscoped: Set = ["auth", "login", "token"]

    /// The nouns of `publicMethods` that scopes can be about.
    public static let nouns = Set(publicMethods.map(\.noun)).subtracting(unscoped)

    public init(_ noun: String, isWrite: Bool) {
        self.noun = noun
        self.isWrite = isWrite
    }

    /// `nil` for what is no scope, or about nothing that there is.
    public init?(rawValue: String) {
        let parts = rawValue.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 2, ["read", "write"].contains(parts[1]), Self.nouns.contains(String(parts[0])) else {
            return nil
        }
        self.init(String(parts[0]), isWrite: parts[1] == "write")
    }

    public var rawValue: String { "\(noun):\(isWrite ? "write" : "read")" }

    public func allows(_ method: RPCDescriptor) -> Bool {
        method.noun == noun && (isWrite || method.access == .viewer)
    }
}

extension Scope: JSONSchemaProviding {
    public static var jsonSchema: JSONSchema { .string }
    public static var placeholder: Self { Self("target", isWrite: false) }
}

extension RPCDescriptor {
    /// What stands before the point in the wire name.
    public var noun: String { String(name.prefix { $0 != "." }) }
}
