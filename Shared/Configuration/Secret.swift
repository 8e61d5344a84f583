/// A text that cannot be printed, described or encoded; it is read only by naming `exposed`.
public struct Secret: Sendable, CustomStringConvertible, CustomReflectable {
    public let exposed: String

    public init(_ text: String) {
        exposed = text
    }

    public var description: String { "<secret>" }
    public var customMirror: Mirror { Mirror(reflecting: description) }
}
