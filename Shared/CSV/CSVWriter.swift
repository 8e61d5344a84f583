/// Writes CSV (RFC 4180), with LF at the end of each record and quotes only where they are needed.
public struct CSVWriter: Sendable {
    public private(set) var bytes: [UInt8] = []
    private let guardsFormulas: Bool
    private var isRecordBegun = false

    /// `guardsFormulas`: see `FormulaGuard`.
    public init(guardsFormulas: Bool = true) {
        self.guardsFormulas = guardsFormulas
    }

    /// A field that people or programs have filled in with anything.
    public mutating func text(_ text: some Sequence<UInt8>) {
        let text = Array(text)
        beginField()
        quoteIfNeeded(guardsFormulas && FormulaGuard.isNeeded(for: text) ? [FormulaGuard.sign] + text : text)
    }

    /// A field that is a number, a time, an identifier or one of a few words.
    public mutating func plain(_ value: some Sequence<UInt8>) {
        beginField()
        quoteIfNeeded(Array(value))
    }

    public mutating func endRecord() {
        bytes.append(UInt8(ascii: "\n"))
        isRecordBegun = false
    }

    private mutating func beginField() {
        if isRecordBegun { bytes.append(UInt8(ascii: ",")) }
        isRecordBegun = true
    }

    private mutating func quoteIfNeeded(_ field: [UInt8]) {
        let quote = UInt8(ascii: "\"")
        let needsQuotes = field.contains { byte in
            byte == quote || byte == UInt8(ascii: ",") || byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\r")
        }
        guard needsQuotes else { return bytes.append(contentsOf: field) }
        bytes.append(quote)
        for byte in field {
            if byte == quote { bytes.append(quote) }
            bytes.append(byte)
        }
        bytes.append(quote)
    }
}

/// Keeps a spreadsheet from running a text as a formula: an apostrophe goes before one that begins like a formula.
///
/// Such beginnings are those of OWASP (CSV Injection, and ASVS 1.2.10): a sign, in the width of Chinese and Japanese
/// letters too, or a character that a spreadsheet passes over before one. What begins with apostrophes and then like a
/// formula gets one more, so that taking one off always gives the text that there was.
public enum FormulaGuard {
    static let sign = UInt8(ascii: "'")
    private static let beginnings = Set("=+-@\t\r\n\0".utf8)
    private static let wideBeginnings = ["＝", "＋", "－", "＠"].map { Array($0.utf8) }

    static func isNeeded(for text: some Collection<UInt8>) -> Bool {
        let text = text.drop { $0 == sign }
        guard let first = text.first else { return false }
        return beginnings.contains(first) || wideBeginnings.contains { text.starts(with: $0) }
    }

    /// The text without the apostrophe that guards it.
    public static func removed(from text: String) -> String {
        guard text.utf8.first == sign, isNeeded(for: text.utf8) else { return text }
        return String(text.dropFirst())
    }
}
