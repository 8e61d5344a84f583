import JSON
import JSONRPC
import YAML

extension YAMLNode {
    /// Throws `.mismatch` at the first place that is not as `schema` says: a key that it does not know, one that is
    /// missing, a value of another type.
    ///
    /// A null counts as left out. `path` is what the messages call this value.
    func check(_ schema: JSONSchema, _ path: String = "") throws(YAMLError) {
        switch (schema, content) {
        case (.any, _), (.boolean, .scalar(.bool)), (.integer, .scalar(.int)), (.number, .scalar(.int)),
            (.number, .scalar(.double)), (.nullable, .scalar(.null)):
            return
        case (.nullable(let inner), _): try check(inner, path)
        case (.string(_, let choices), .scalar(.string(let text))):
            guard choices.isEmpty || choices.contains(text) else { throw mismatch(path, schema) }
        case (.array(let inner), .sequence(let elements)):
            for (index, element) in elements.enumerated() { try element.check(inner, "\(path)[\(index)]") }
        case (.dictionary(let inner), .mapping(let members)):
            for member in members { try member.value.check(inner, Self.path(path, member.key)) }
        case (.object(_, let properties), .mapping(let members)): try check(members, properties, path)
        default: throw mismatch(path, schema)
        }
    }

    private func check(_ members: [Member], _ properties: [JSONSchema.Property], _ path: String) throws(YAMLError) {
        for member in members {
            guard let property = properties.first(where: { $0.name == member.key }) else {
                let known = properties.map(\.name).joined(separator: ", ")
                let message = "there is no \(Self.path(path, member.key)); there is \(known)"
                throw YAMLError(.mismatch, message, at: member.keyPlace)
            }
            if member.value.isNull, !property.isRequired { continue }
            try member.value.check(property.schema, Self.path(path, member.key))
        }
        for property in properties where property.isRequired && self[property.name] == nil {
            throw YAMLError(.mismatch, "\(Self.path(path, property.name)) is missing", at: place)
        }
    }

    private func mismatch(_ path: String, _ schema: JSONSchema) -> YAMLError {
        let place = path.isEmpty ? "a document" : path
        return YAMLError(.mismatch, "\(place) must be \(schema.expectation)", at: self.place)
    }

    private static func path(_ path: String, _ key: String) -> String {
        path.isEmpty ? key.excerpt : "\(path).\(key.excerpt)"
    }
}

extension JSONSchema {
    fileprivate var expectation: String {
        switch self {
        case .any: "a value"
        case .boolean: "true or false"
        case .integer: "a whole number"
        case .number: "a number"
        case .string(_, let choices):
            choices.isEmpty ? "a text; put what looks like something else in quotes" : choices.joined(separator: ", ")
        case .array: "a list"
        case .dictionary, .object: "a mapping"
        case .nullable(let inner): inner.expectation
        }
    }
}
