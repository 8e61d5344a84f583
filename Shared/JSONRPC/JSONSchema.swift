public import JSON

/// The shape of a JSON value, as far as OpenRPC and OpenAPI 3.1 documents tell it (JSON Schema 2020-12).
public indirect enum JSONSchema: Equatable, Sendable {
    public struct Property: Equatable, Sendable {
        public var name: String
        public var schema: JSONSchema
        public var isRequired: Bool

        public init(_ name: String, _ schema: JSONSchema, isRequired: Bool = true) {
            self.name = name
            self.schema = schema
            self.isRequired = isRequired
        }
    }

    case any
    case boolean
    case integer
    case number
    /// `choices` empty: any text. `format` as in JSON Schema: `uuid`, `date-time`, `uri`.
    case string(format: String? = nil, choices: [String] = [])
    case array(JSONSchema)
    /// An object whose keys are data.
    case dictionary(JSONSchema)
    /// `name` names the type in a document's `components`; empty for one that has no name of its own.
    case object(name: String, [Property])
    case nullable(JSONSchema)

    public static let string = Self.string()
    public static let uuid = Self.string(format: "uuid")

    /// The properties of an object; none for anything else.
    public var properties: [Property] {
        if case .object(_, let properties) = self { properties } else { [] }
    }

    /// The schema as JSON; named objects become references to `components/schemas`.
    public var json: JSONValue {
        switch self {
        case .any: [:]
        case .boolean: ["type": "boolean"]
        case .integer: ["type": "integer"]
        case .number: ["type": "number"]
        case .string(let format, let choices): Self.json(format: format, choices: choices)
        case .array(let element): ["type": "array", "items": element.json]
        case .dictionary(let element): ["type": "object", "additionalProperties": element.json]
        case .object("", let properties): Self.json(properties)
        case .object(let name, _): ["$ref": .string("#/components/schemas/\(name)")]
        case .nullable(let schema): ["anyOf": [schema.json, ["type": "null"]]]
        }
    }

    /// Every named object in here, and its definition.
    public func collect(into definitions: inout [String: JSONValue]) {
        switch self {
        case .array(let inner), .dictionary(let inner), .nullable(let inner):
            inner.collect(into: &definitions)
        case .object(let name, let properties):
            if !name.isEmpty {
                guard definitions[name] == nil else { return }
                definitions[name] = Self.json(properties)
            }
            for property in properties { property.schema.collect(into: &definitions) }
        case .any, .boolean, .integer, .number, .string:
            return
        }
    }

    private static func json(format: String?, choices: [String]) -> JSONValue {
        var members: [String: JSONValue] = ["type": "string"]
        if let format { members["format"] = .string(format) }
        if !choices.isEmpty { members["enum"] = .array(choices.map { .string($0) }) }
        return .object(members)
    }

    private static func json(_ properties: [Property]) -> JSONValue {
        var members: [String: JSONValue] = ["type": "object"]
        members["properties"] = .object(
            Dictionary(properties.map { ($0.name, $0.schema.json) }) { first, _ in first }
        )
        let required = properties.filter(\.isRequired).map { JSONValue.string($0.name) }
        if !required.isEmpty { members["required"] = .array(required) }
        return .object(members)
    }
}

/// A type that states its schema where a decoder cannot find it out: enumerations, identifiers, times.
public protocol JSONSchemaProviding {
    static var jsonSchema: JSONSchema { get }
    /// Any value, for the decoder that reads off the schema of a type that contains this one.
    static var placeholder: Self { get }
}

extension JSONSchemaProviding where Self: RawRepresentable<String> & CaseIterable & Decodable {
    /// Says what there is to choose from, where the standard library would name a type of this program.
    public init(from decoder: any Decoder) throws {
        guard let choice = Self(rawValue: try decoder.singleValueContainer().decode(String.self)) else {
            let choices = Self.allCases.map(\.rawValue).joined(separator: ", ")
            throw DecodingError.dataCorrupted(
                .init(codingPath: decoder.codingPath, debugDescription: "expected one of \(choices)")
            )
        }
        self = choice
    }
}

extension JSONSchemaProviding where Self: RawRepresentable<String> & CaseIterable {
    public static var jsonSchema: JSONSchema { .string(choices: allCases.map(\.rawValue)) }

    public static var placeholder: Self {
        guard let first = allCases.first else { preconditionFailure("a choice has choices") }
        return first
    }
}
