import JSON
import JSONRPC

/// The OpenAPI 3.1 document of the methods that have a REST route.
func openAPI(version: String, methods: [RPCDescriptor]) -> JSONValue {
    var paths: [String: [String: JSONValue]] = [:]
    var definitions: [String: JSONValue] = [:]
    for method in methods {
        guard let rest = method.rest else { continue }
        method.params.collect(into: &definitions)
        method.result.collect(into: &definitions)
        paths[rest.path, default: [:]][rest.verb.rawValue.lowercased()] = operation(method, rest)
    }
    definitions["Problem"] = problemSchema
    return [
        "openapi": "3.1.0",
        "info": ["title": "Sonde", "version": .string(version)],
        "servers": [["url": .string(RESTRoutes.prefix)]],
        "paths": .object(paths.mapValues { .object($0) }),
        "components": [
            "schemas": .object(definitions),
            "securitySchemes": ["bearer": ["type": "http", "scheme": "bearer", "bearerFormat": "JWT"]],
        ],
    ]
}

private let problemSchema: JSONValue = [
    "type": "object",
    "properties": [
        "type": ["type": "string"], "title": ["type": "string"], "status": ["type": "integer"],
        "detail": ["type": "string"], "code": ["type": "integer"],
    ],
    "required": ["type", "title", "status"],
]

private func operation(_ method: RPCDescriptor, _ rest: RESTRoute) -> JSONValue {
    let inPath = Set(rest.path.split(separator: "/").filter { $0.hasPrefix("{") }.map { $0.dropFirst().dropLast() })
    let hasBody = rest.verb == .post || rest.verb == .patch
    var members: [String: JSONValue] = [
        "operationId": .string(method.name),
        "summary": .string(method.summary),
        "responses": responses(to: method, rest),
    ]
    let parameters = method.params.properties.compactMap { property -> JSONValue? in
        let isInPath = inPath.contains { $0 == property.name }
        guard isInPath || !hasBody else { return nil }
        return [
            "name": .string(property.name), "in": isInPath ? "path" : "query",
            "required": .bool(isInPath || property.isRequired), "schema": property.schema.json,
        ]
    }
    if !parameters.isEmpty { members["parameters"] = .array(parameters) }
    if hasBody { members["requestBody"] = body(of: method, without: inPath) }
    members["security"] = method.access == .anyone ? [] : [["bearer": []]]
    return .object(members)
}

private func body(of method: RPCDescriptor, without inPath: Set<Substring>) -> JSONValue {
    let properties = method.params.properties.filter { property in !inPath.contains { $0 == property.name } }
    // What stands in the path is no part of the body, so the body's schema has no name of its own.
    let schema = JSONSchema.object(name: "", properties)
    return ["required": true, "content": ["application/json": ["schema": schema.json]]]
}

private func responses(to method: RPCDescriptor, _ rest: RESTRoute) -> JSONValue {
    let problem: JSONValue = [
        "description": "What went wrong (RFC 9457).",
        "content": ["application/problem+json": ["schema": ["$ref": "#/components/schemas/Problem"]]],
    ]
    guard rest.verb != .delete else {
        return ["204": ["description": "Done."], "default": problem]
    }
    guard !method.isStream else {
        let content: JSONValue = ["*/*": ["schema": ["type": "string"]]]
        return ["200": ["description": "A file, as the parameters say.", "content": content], "default": problem]
    }
    let status = rest.verb == .post && method.name.hasSuffix(".create") ? "201" : "200"
    return .object([
        status: ["description": "The result.", "content": ["application/json": ["schema": method.result.json]]],
        "default": problem,
    ])
}
