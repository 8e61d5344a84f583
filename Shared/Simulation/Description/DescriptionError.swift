/// Why a text describes no network.
public struct DescriptionError: Error, Equatable, Sendable, CustomStringConvertible {
    /// Counted from 1; 0 when it is about the whole.
    public var line: Int
    public var message: String

    init(_ line: Int, _ message: String) {
        self.line = line
        self.message = message
    }

    public var description: String { line == 0 ? message : "line \(line): \(message)" }
}
