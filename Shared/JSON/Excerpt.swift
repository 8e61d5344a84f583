extension StringProtocol {
    /// The beginning of a text that came from a peer, whatever its characters are made of: messages have no room for more.
    public var excerpt: String { String(String.UnicodeScalarView(unicodeScalars.prefix(64))) }
}
