/// A key or an index on the way to a value.
struct JSONCodingKey: CodingKey {
    var stringValue: String
    var intValue: Int?

    init(stringValue: String) { self.stringValue = stringValue }

    init(intValue: Int) {
        stringValue = String(intValue)
        self.intValue = intValue
    }
}

/// A path as people write it: `targets[3].name`.
func pathDescription(_ path: some Sequence<any CodingKey>) -> String {
    var description = ""
    for key in path {
        if let index = key.intValue {
            description += "[\(index)]"
        } else {
            description += (description.isEmpty ? "" : ".") + key.stringValue.excerpt
        }
    }
    return description
}

extension JSONError {
    /// A mismatch at `path`, as in `targets[3].name: expected a string`.
    static func mismatch(_ message: String, path: some Sequence<any CodingKey>, at offset: Int) -> JSONError {
        let place = pathDescription(path)
        return JSONError(.mismatch, place.isEmpty ? message : "\(place): \(message)", at: offset, path: place)
    }
}

extension JSONTape {
    /// The keys and indices that lead to `node`: found from the tape, so that decoding does not pay for them.
    func path(to node: Int) -> [any CodingKey] {
        var path: [any CodingKey] = []
        var container = 0
        while container < node, let (key, child) = child(of: container, holding: node) {
            path.append(key)
            container = child
        }
        return path
    }

    private func child(of container: Int, holding node: Int) -> (JSONCodingKey, Int)? {
        let isObject = nodes[container].kind == .object
        var child = container + 1
        for index in 0..<Int(nodes[container].count) {
            let value = isObject ? child + 1 : child
            if node < Int(nodes[value].next) {
                return (isObject ? JSONCodingKey(stringValue: text(child)) : JSONCodingKey(intValue: index), value)
            }
            child = Int(nodes[value].next)
        }
        return nil
    }

    func mismatch(_ message: String, at node: Int) -> JSONError {
        .mismatch(message, path: path(to: node), at: Int(nodes[node].start))
    }

    func missing(_ key: any CodingKey, in object: Int) -> JSONError {
        .mismatch("is missing", path: path(to: object) + [key], at: Int(nodes[object].start))
    }
}
