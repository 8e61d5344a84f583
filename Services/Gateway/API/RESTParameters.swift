import Contracts
import JSON
import JSONRPC

/// Makes a method's params out of what a REST request carries: path, query and body.
enum RESTParameters {
    /// Throws `invalidParams` with the name of what cannot be read, or is not declared.
    static func params(
        of method: RPCDescriptor,
        path: [String: String],
        query: String?,
        body: [UInt8]
    ) throws(RPCError) -> [String: JSONValue] {
        var members = try members(ofBody: body)
        let declared = method.params.properties.filter { path[$0.name] == nil }
        try BodyRules(mayHaveNulls: method.rest?.verb != .patch).check(members, declared)
        for (name, values) in try parse(query) {
            guard let property = method.params.properties.first(where: { $0.name == name }) else {
                throw invalid(name.excerpt, "is no parameter of \(method.name)")
            }
            members[name] = try value(of: property.schema, values, name)
        }
        for (name, text) in path {
            let property = method.params.properties.first { $0.name == name }
            members[name] = try value(of: property?.schema ?? .string, [text], name)
        }
        return members
    }

    private static func members(ofBody body: [UInt8]) throws(RPCError) -> [String: JSONValue] {
        guard !body.isEmpty else { return [:] }
        do {
            guard case .object(let members) = try JSONValue(json: body) else {
                throw RPCError(.invalidParams, "the body is no JSON object")
            }
            return members
        } catch let error as JSONError {
            throw RPCError(.parseError, "the body is not JSON: \(error.message) at byte \(error.offset)")
        } catch {
            throw RPCError(.invalidParams, "the body is no JSON object")
        }
    }

    /// The values of each key, in their order.
    private static func parse(_ query: String?) throws(RPCError) -> [String: [String]] {
        var values: [String: [String]] = [:]
        for pair in (query ?? "").split(separator: "&") {
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard let name = PercentEncoding.decode(parts[0], plusIsSpace: true),
                let value = PercentEncoding.decode(parts.count == 2 ? parts[1] : "", plusIsSpace: true)
            else { throw RPCError(.invalidParams, "the query is not percent-encoded UTF-8") }
            values[name, default: []].append(value)
        }
        return values
    }

    /// Reads texts as the type that the contract declares.
    private static func value(
        of schema: JSONSchema,
        _ texts: [String],
        _ name: String
    ) throws(RPCError) -> JSONValue {
        if case .array(let element) = schema {
            var elements: [JSONValue] = []
            for text in texts { elements.append(try value(of: element, [text], name)) }
            return .array(elements)
        }
        guard texts.count == 1, let text = texts.first else {
            throw invalid(name, "is given more than once")
        }
        switch schema {
        case .integer:
            guard let number = Int(text) else { throw invalid(name, "must be a whole number") }
            return .int(number)
        case .number:
            guard let number = Double(text), number.isFinite else {
                throw invalid(name, "must be a number")
            }
            return .double(number)
        case .boolean:
            guard text == "true" || text == "false" else {
                throw invalid(name, "must be true or false")
            }
            return .bool(text == "true")
        case .nullable(let inner):
            return try value(of: inner, texts, name)
        default:
            return .string(text)
        }
    }
}
