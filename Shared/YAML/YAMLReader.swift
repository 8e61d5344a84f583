import JSON

/// What a text may cost; more is refused.
public struct YAMLLimits: Sendable {
    public var bytes = 1 << 20
    /// Sequences and mappings within each other.
    public var depth = 64
    /// Scalars, sequences and mappings, in all documents together.
    public var nodes = 200_000

    public init() {}
}

/// Reads YAML 1.2 as far as it says what JSON can: one tree of values a document, each value with its place.
///
/// Unquoted scalars are of the core schema; keys are texts. Refused are tags, anchors, aliases, keys that stand there
/// twice, and numbers that JSON has not.
public struct YAMLReader: ~Copyable {
    private var events: YAMLEventStream
    private let limits: YAMLLimits
    private var nodes = 0

    /// The documents of a text in UTF-8, in order; those that are empty are left out.
    public static func documents(
        in text: [UInt8],
        limits: YAMLLimits = YAMLLimits()
    ) throws(YAMLError) -> [YAMLNode] {
        guard text.count <= limits.bytes else {
            let message = "it is larger than \(limits.bytes) bytes"
            throw YAMLError(.limit, message, at: YAMLPlace(line: 1, column: 1))
        }
        var reader = YAMLReader(events: YAMLEventStream(text), limits: limits)
        return try reader.documents()
    }

    private init(events: consuming YAMLEventStream, limits: YAMLLimits) {
        self.events = events
        self.limits = limits
    }

    private mutating func documents() throws(YAMLError) -> [YAMLNode] {
        var documents: [YAMLNode] = []
        while true {
            let (event, place) = try events.next()
            switch event {
            case .streamEnd: return documents.filter { !$0.isNull }
            case .streamStart, .documentStart, .documentEnd: continue
            case .scalar, .sequenceStart, .mappingStart, .sequenceEnd, .mappingEnd:
                documents.append(try node(event, at: place, depth: 0))
            }
        }
    }

    private mutating func node(_ event: YAMLEvent, at place: YAMLPlace, depth: Int) throws(YAMLError) -> YAMLNode {
        nodes += 1
        guard nodes <= limits.nodes else {
            throw YAMLError(.limit, "it has more than \(limits.nodes) values", at: place)
        }
        switch event {
        case .scalar(let text, let isPlain):
            guard let value = isPlain ? YAMLScalar.value(ofPlain: text) : .string(text) else {
                throw YAMLError(.refused, "\(text.prefix(64)) is no number that is taken", at: place)
            }
            return YAMLNode(.scalar(value), at: place)
        case .sequenceStart, .mappingStart:
            guard depth < limits.depth else {
                throw YAMLError(.limit, "it is deeper than \(limits.depth)", at: place)
            }
            let content =
                event == .sequenceStart
                ? YAMLNode.Content.sequence(try elements(depth: depth + 1))
                : .mapping(try members(depth: depth + 1))
            return YAMLNode(content, at: place)
        case .streamStart, .streamEnd, .documentStart, .documentEnd, .sequenceEnd, .mappingEnd:
            throw YAMLError(.malformed, "a value is missing", at: place)
        }
    }

    private mutating func elements(depth: Int) throws(YAMLError) -> [YAMLNode] {
        var elements: [YAMLNode] = []
        while true {
            let (event, place) = try events.next()
            guard event != .sequenceEnd else { return elements }
            elements.append(try node(event, at: place, depth: depth))
        }
    }

    private mutating func members(depth: Int) throws(YAMLError) -> [YAMLNode.Member] {
        var members: [YAMLNode.Member] = []
        var keys: Set<String> = []
        while true {
            let (event, place) = try events.next()
            guard event != .mappingEnd else { return members }
            guard case .scalar(let key, _) = event else {
                throw YAMLError(.refused, "a key must be a text", at: place)
            }
            guard keys.insert(key).inserted else {
                throw YAMLError(.refused, "the key \"\(key.prefix(64))\" stands here twice", at: place)
            }
            let (start, valuePlace) = try events.next()
            members.append(.init(key, at: place, try node(start, at: valuePlace, depth: depth)))
        }
    }
}
