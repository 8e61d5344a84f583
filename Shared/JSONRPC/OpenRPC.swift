public import JSON

/// The OpenRPC 1.2.6 document of `methods` (spec.open-rpc.org).
public func openRPC(title: String, version: String, methods: [RPCDescriptor]) -> JSONValue {
    var definitions: [String: JSONValue] = [:]
    for method in methods {
        method.params.collect(into: &definitions)
        method.result.collect(into: &definitions)
        method.element?.collect(into: &definitions)
    }
    return [
        "openrpc": "1.2.6",
        "info": ["title": .string(title), "version": .string(version)],
        "methods": .array(methods.map(\.openRPC)),
        "components": ["schemas": .object(definitions)],
    ]
}

extension RPCDescriptor {
    fileprivate var openRPC: JSONValue {
        var members: [String: JSONValue] = [
            "name": .string(name),
            "summary": .string(summary),
            "paramStructure": "either",
            "params": .array(positions.map(\.contentDescriptor)),
            "result": ["name": "result", "schema": result.json],
            "x-idempotent": .bool(isIdempotent),
        ]
        if let element { members["x-stream"] = ["name": "element", "schema": element.json] }
        if let access { members["x-access"] = .string(access.rawValue) }
        if !callers.isEmpty { members["x-callers"] = .array(callers.map(\.rawValue).sorted().map { .string($0) }) }
        return .object(members)
    }
}

extension JSONSchema.Property {
    fileprivate var contentDescriptor: JSONValue {
        ["name": .string(name), "required": .bool(isRequired), "schema": schema.json]
    }
}
