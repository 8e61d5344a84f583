public import JSON

/// A value of a YAML text, and where it stands; the members of a mapping are in the order of the text.
public struct YAMLNode: Equatable, Sendable {
    public enum Content: Equatable, Sendable {
        /// Never an array or an object.
        case scalar(JSONValue)
        case sequence([YAMLNode])
        case mapping([Member])
    }

    public struct Member: Equatable, Sendable {
        public var key: String
        public var keyPlace: YAMLPlace
        public var value: YAMLNode

        public init(_ key: String, at keyPlace: YAMLPlace = YAMLPlace(line: 1, column: 1), _ value: YAMLNode) {
            self.key = key
            self.keyPlace = keyPlace
            self.value = value
        }
    }

    public var content: Content
    public var place: YAMLPlace

    public init(_ content: Content, at place: YAMLPlace = YAMLPlace(line: 1, column: 1)) {
        self.content = content
        self.place = place
    }

    /// The members of a mapping; `nil` for anything else.
    public var members: [Member]? {
        if case .mapping(let members) = content { members } else { nil }
    }

    /// The elements of a sequence; `nil` for anything else.
    public var elements: [YAMLNode]? {
        if case .sequence(let elements) = content { elements } else { nil }
    }

    public var isNull: Bool { content == .scalar(.null) }

    /// The value of the member `key`; `nil` when there is none, and when this is no mapping.
    public subscript(key: String) -> YAMLNode? {
        members?.first { $0.key == key }?.value
    }

    public var json: JSONValue {
        switch content {
        case .scalar(let value): value
        case .sequence(let elements): .array(elements.map(\.json))
        case .mapping(let members): .object(Dictionary(members.map { ($0.key, $0.value.json) }) { first, _ in first })
        }
    }
}
