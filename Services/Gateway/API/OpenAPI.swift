import Contracts
import JSON
import JSONRPC

/// The OpenAPI 3.1 document of the methods that have a REST route.
func openAPI(version: String, methods: [RPCDescriptor]) -> JSONValue {
    var paths: [String: [String: JSONValue]] = [:]
    var definitions: [String: JSONValue] = [:]
    let routed = methods.filter { $0.rest != nil }
    for method in routed {
        method.params.collect(into: &definitions)
        method.result.collect(into: &definitions)
        for (number, rest) in (method.rest?.all ?? []).enumerated() {
            let operation = OpenAPIOperation(
                method,
                rest,
                routed,
                id: number == 0 ? method.name : "\(method.name)_\(number)"
            )
            paths[rest.path, default: [:]][rest.verb.rawValue.lowercased()] = operation.json
        }
    }
    definitions["Problem"] = OpenAPIParts.problem
    let nouns = Set(routed.map(\.noun)).sorted()
    return [
        "openapi": "3.1.0",
        "jsonSchemaDialect": "https://json-schema.org/draft/2020-12/schema",
        "info": [
            "title": "Sonde", "version": .string(version),
            "summary": "What is watched, how, what was seen, and who is told.",
            "description": .string(OpenAPIParts.description),
        ],
        "servers": [["url": .string(RESTRoutes.prefix), "description": "This installation."]],
        "tags": .array(nouns.map { ["name": .string($0), "description": .string(OpenAPIParts.tag($0))] }),
        "security": [["bearer": []]],
        "paths": .object(paths.mapValues { .object($0) }),
        "components": [
            "schemas": .object(definitions),
            "headers": OpenAPIParts.headers,
            "responses": OpenAPIParts.responses,
            "securitySchemes": [
                "bearer": [
                    "type": "http", "scheme": "bearer", "bearerFormat": "JWT",
                    "description": "The access_token of auth.login, or an API token.",
                ]
            ],
        ],
    ]
}

extension RPCDescriptor {
    /// What stands before the point of its name.
    var noun: String { String(name.prefix { $0 != "." }) }
}
