import Contracts
import JSON
import JSONRPC

/// Refuses members of a body that its contract does not declare, on every level: nothing can be set that was not meant
/// to be, and a misspelt name is told instead of passed over.
struct BodyRules {
    /// A change has none: a member that is left out stays, and what `null` should mean there nobody can tell.
    let mayHaveNulls: Bool

    func check(_ members: [String: JSONValue], _ properties: [JSONSchema.Property]) throws(RPCError) {
        try check(members, properties, within: "")
    }

    private func check(
        _ members: [String: JSONValue],
        _ properties: [JSONSchema.Property],
        within path: String
    ) throws(RPCError) {
        for name in members.keys.sorted() {
            guard let property = properties.first(where: { $0.name == name }), let value = members[name] else {
                throw invalid(path + name.excerpt, "is no member of this body")
            }
            try check(value, property.schema, at: path + name)
        }
    }

    private func check(_ value: JSONValue, _ schema: JSONSchema, at path: String) throws(RPCError) {
        switch (schema, value) {
        case (.nullable(let schema), _):
            if value != .null { try check(value, schema, at: path) }
        case (.any, _): return
        case (_, .null) where !mayHaveNulls:
            throw invalid(path, "must not be null; leave it out to keep it as it is")
        case (.object(_, let properties), .object(let members)):
            try check(members, properties, within: path + ".")
        case (.dictionary(let schema), .object(let members)):
            for name in members.keys.sorted() { try check(members[name] ?? .null, schema, at: "\(path).\(name)") }
        case (.array(let schema), .array(let elements)):
            for (index, element) in elements.enumerated() { try check(element, schema, at: "\(path)[\(index)]") }
        default: return
        }
    }
}
