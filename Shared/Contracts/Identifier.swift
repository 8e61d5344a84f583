public import JSONRPC

/// Names one thing of one kind: a UUID (RFC 9562) in its usual lowercase form.
public struct Identifier<Kind>: RawRepresentable, Codable, Hashable, Sendable, CustomStringConvertible {
    public var rawValue: String

    public init(rawValue: String) {
        self.rawValue = rawValue
    }

    /// A new identifier; later ones sort after earlier ones.
    public static func make() -> Self {
        Self(rawValue: UUIDv7.make().description)
    }

    public init(from decoder: any Decoder) throws {
        let text = try decoder.singleValueContainer().decode(String.self)
        guard let uuid = UUIDv7(text) else {
            throw DecodingError.dataCorrupted(
                .init(codingPath: decoder.codingPath, debugDescription: "expected a UUID")
            )
        }
        rawValue = uuid.description
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(rawValue)
    }

    public var description: String { rawValue }
}

extension Identifier: JSONSchemaProviding {
    public static var jsonSchema: JSONSchema { .uuid }
    public static var placeholder: Self { Self(rawValue: "00000000-0000-7000-8000-000000000000") }
}

public typealias PersonID = Identifier<Person>
public typealias LoginID = Identifier<Login>
public typealias InvitationID = Identifier<Invitation>
public typealias TargetID = Identifier<Target>
public typealias CheckID = Identifier<Check>
public typealias AgentID = Identifier<Agent>
public typealias RuleID = Identifier<Rule>
public typealias IncidentID = Identifier<Incident>
public typealias ReceiverID = Identifier<Receiver>
