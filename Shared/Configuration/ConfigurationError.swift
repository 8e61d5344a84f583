/// A setting that cannot be used; `message` names it and says what it must be.
public struct ConfigurationError: Error, Equatable, Sendable {
    public var message: String

    public init(_ message: String) {
        self.message = message
    }
}
