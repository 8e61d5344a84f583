/// Why a text is no CSV that is read here.
public struct CSVError: Error, Equatable, Sendable, CustomStringConvertible {
    public enum Code: Sendable {
        /// Not UTF-8, or with bytes that no text has.
        case encoding
        /// Against the grammar of RFC 4180.
        case malformed
        /// More than `CSVLimits` allow.
        case tooLarge
        /// The first record names no columns.
        case header
    }

    public var code: Code
    /// Counted from 1, in lines of the text and not in records.
    public var line: Int
    public var message: String

    public init(_ code: Code, line: Int, _ message: String) {
        self.code = code
        self.line = line
        self.message = message
    }

    public var description: String { "line \(line): \(message)" }
}

/// What a reader keeps of a text at the most.
public struct CSVLimits: Sendable {
    public var fieldBytes = 65_536
    public var recordBytes = 262_144
    public var columns = 256

    public init() {}
}
