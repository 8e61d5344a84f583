import Contracts
import JSON
import JSONRPC

/// One operation of the OpenAPI document, with every status that can come.
struct OpenAPIOperation {
    private let method: RPCDescriptor
    private let rest: RESTRoute
    private let id: String
    private let inPath: Set<String>
    /// Whether its path can be read, and so has an entity tag.
    private let isReadable: Bool

    /// `id` names the operation; a method with several paths is several.
    init(_ method: RPCDescriptor, _ rest: RESTRoute, _ all: [RPCDescriptor], id: String) {
        self.method = method
        self.id = id
        self.rest = rest
        inPath = Set(
            rest.path.split(separator: "/").filter { $0.hasPrefix("{") }.map { "\($0.dropFirst().dropLast())" }
        )
        isReadable = all.contains { $0.rest?.all.contains(.get(rest.path)) == true }
    }

    var json: JSONValue {
        var members: [String: JSONValue] = [
            "operationId": .string(id),
            "summary": .string(method.summary),
            "description": .string(description),
            "tags": [.string(method.noun)],
            "responses": .object(responses),
        ]
        if !parameters.isEmpty { members["parameters"] = .array(parameters) }
        if hasBody { members["requestBody"] = body }
        if method.access == .anyone { members["security"] = [] }
        return .object(members)
    }

    private var hasBody: Bool { rest.verb == .post || rest.verb == .patch }
    private var takesIdempotencyKey: Bool { rest.verb == .post && !method.isIdempotent && method.access != .anyone }
    private var takesIfMatch: Bool { (rest.verb == .patch || rest.verb == .delete) && isReadable }
    private var isTagged: Bool { rest.verb == .get && !method.isStream }
    private var hasPages: Bool { method.result.properties.contains { $0.name == "next_cursor" } }

    private var description: String {
        let role = method.access.map { $0 == .anyone ? "Needs no token." : "Needs the role \($0.rawValue)." } ?? ""
        return "\(method.summary) \(role) The same as `\(method.name)` of JSON-RPC."
    }

    private var parameters: [JSONValue] {
        var parameters = method.params.properties.compactMap { property -> JSONValue? in
            let isInPath = inPath.contains(property.name)
            guard isInPath || !hasBody, property.name != versionMember else { return nil }
            var members: [String: JSONValue] = [
                "name": .string(property.name), "in": isInPath ? "path" : "query",
                "required": .bool(isInPath || property.isRequired), "schema": property.schema.json,
                "description": .string(OpenAPIParts.meaning(of: property)),
            ]
            if let example = OpenAPIParts.example(of: property) { members["example"] = example }
            return .object(members)
        }
        if takesIdempotencyKey { parameters.append(OpenAPIParts.idempotencyKey) }
        if takesIfMatch { parameters.append(OpenAPIParts.ifMatch) }
        if isTagged { parameters.append(OpenAPIParts.ifNoneMatch) }
        return parameters
    }

    private var body: JSONValue {
        let properties = method.params.properties.filter { property in
            !inPath.contains(property.name) && property.name != versionMember
        }
        // What stands in the path is no part of the body, so the body's schema has no name of its own.
        let schema = JSONSchema.object(name: "", properties).json
        guard case .object(var members) = schema else { return schema }
        members["additionalProperties"] = false
        let isRequired = properties.contains(where: \.isRequired)
        return ["required": .bool(isRequired), "content": ["application/json": ["schema": .object(members)]]]
    }

    private var responses: [String: JSONValue] {
        var responses: [String: JSONValue] = [:]
        for status in problems { responses["\(status)"] = OpenAPIParts.reference(to: status) }
        responses[method.creates ? "201" : rest.verb == .delete ? "204" : "200"] = success
        if isTagged {
            responses["304"] = [
                "description": "It is as `if-none-match` says.", "headers": OpenAPIParts.named(["ETag"]),
            ]
        }
        return responses
    }

    private var problems: [Int] {
        var statuses = [400, 403, 408, 421, 429, 431, 500, 503, 504]
        if method.access != .anyone || rest.path.hasPrefix("/auth/") { statuses.append(401) }
        if namesSomething { statuses.append(404) }
        if hasBody { statuses += [413, 415] }
        if rest.verb != .get { statuses += [409, 412] }
        if takesIdempotencyKey { statuses.append(422) }
        return statuses
    }

    /// Whether there may be nothing of the name that is asked for.
    private var namesSomething: Bool {
        method.params.holdsID || method.params.properties.contains { $0.name == "id" }
    }

    private var success: JSONValue {
        let limits = ["RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset"]
        guard rest.verb != .delete else {
            return ["description": "It is gone.", "headers": OpenAPIParts.named(limits)]
        }
        guard !method.isStream else {
            let content: JSONValue = ["*/*": ["schema": ["type": "string"]]]
            return [
                "description": "A file, as the parameters say.", "content": content,
                "headers": OpenAPIParts.named(limits),
            ]
        }
        var names = limits
        if isTagged { names.append("ETag") }
        if hasPages, rest.verb == .get { names.append("Link") }
        if method.creates { names.append("Location") }
        return [
            "description": .string(method.creates ? "It was made." : "The result."),
            "headers": OpenAPIParts.named(names),
            "content": ["application/json": ["schema": method.result.json]],
        ]
    }
}
