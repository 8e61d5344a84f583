import Testing

/// One text of a corpus, and its name in test output.
struct TextCase: Sendable, CustomTestStringConvertible {
    var testDescription: String
    var bytes: [UInt8]

    init(_ name: String, _ text: String) {
        testDescription = name
        bytes = Array(text.utf8)
    }

    /// Every hex pair in `hex` is a byte; the rest of the text stands for itself.
    ///
    ///     TextCase("overlong slash", "[\"", hex: "C0 AF", "\"]")
    init(_ name: String, _ prefix: String, hex: String, _ suffix: String = "") {
        testDescription = name
        let middle = hex.split(separator: " ").compactMap { UInt8($0, radix: 16) }
        bytes = Array(prefix.utf8) + middle + Array(suffix.utf8)
    }
}
