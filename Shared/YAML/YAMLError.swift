/// Why a text is no YAML that is taken, and where.
public struct YAMLError: Error, Equatable, Sendable, CustomStringConvertible {
    public enum Code: Sendable {
        /// The text is not YAML.
        case malformed
        /// It is YAML, of a kind that is not taken: tags, anchors, aliases, keys that are no text or stand there twice.
        case refused
        /// It is larger or deeper than a limit allows.
        case limit
        /// It is YAML, but does not say what it must.
        case mismatch
    }

    public var code: Code
    public var message: String
    public var place: YAMLPlace

    public init(_ code: Code, _ message: String, at place: YAMLPlace) {
        self.code = code
        self.message = message
        self.place = place
    }

    public var description: String { "\(place): \(message)" }
}

/// A place in a text; lines and columns count characters from 1.
public struct YAMLPlace: Equatable, Sendable, CustomStringConvertible {
    public var line: Int
    public var column: Int

    public init(line: Int, column: Int) {
        self.line = line
        self.column = column
    }

    public var description: String { "line \(line), column \(column)" }
}
