/// A statement's text with `$1`, `$2` and so on in place of its question marks.
///
/// Those in literals, quoted names and comments stay (PostgreSQL's manual, 4.1). Operators with a question mark cannot
/// be written; each has a function of the same meaning, such as `jsonb_exists`.
struct Placeholders {
    private(set) var count = 0
    private(set) var text = ""

    init(_ source: String) {
        var rest = Substring(source).utf8
        var isInName = false
        while let first = rest.first {
            let length = Self.quoted(rest, afterName: isInName)
            if length > 0 {
                text += Substring(rest.prefix(length))
                rest = rest.dropFirst(length)
                isInName = false
                continue
            }
            if first == UInt8(ascii: "?") {
                count += 1
                text += "$\(count)"
                rest = rest.dropFirst()
            } else {
                let plain = rest.prefix { !Self.isSpecial($0) }
                let piece = plain.isEmpty ? rest.prefix(1) : plain
                text += Substring(piece)
                rest = rest.dropFirst(piece.count)
            }
            isInName = text.utf8.last.map(Self.isName) ?? false
        }
    }

    private static func isSpecial(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "?"), UInt8(ascii: "'"), UInt8(ascii: "\""), UInt8(ascii: "-"), UInt8(ascii: "/"),
            UInt8(ascii: "$"), UInt8(ascii: "e"), UInt8(ascii: "E"):
            true
        default: false
        }
    }

    private static func isName(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "$"), 0x80...:
            true
        default: false
        }
    }

    /// The bytes of the literal, name or comment that begins here; 0 when none does.
    private static func quoted(_ text: Substring.UTF8View, afterName: Bool) -> Int {
        switch text.first {
        case UInt8(ascii: "'"): closed(text, from: 1, by: UInt8(ascii: "'"))
        case UInt8(ascii: "\""): closed(text, from: 1, by: UInt8(ascii: "\""))
        case UInt8(ascii: "E") where !afterName, UInt8(ascii: "e") where !afterName:
            text.dropFirst().first == UInt8(ascii: "'")
                ? closed(text, from: 2, by: UInt8(ascii: "'"), escape: UInt8(ascii: "\\")) : 0
        case UInt8(ascii: "-"):
            text.dropFirst().first == UInt8(ascii: "-") ? text.prefix { $0 != UInt8(ascii: "\n") }.count : 0
        case UInt8(ascii: "/"): comment(text)
        case UInt8(ascii: "$") where !afterName: dollars(text)
        default: 0
        }
    }

    private static func closed(
        _ text: Substring.UTF8View,
        from start: Int,
        by quote: UInt8,
        escape: UInt8? = nil
    ) -> Int {
        var length = start
        var isEscaped = false
        for byte in text.dropFirst(start) {
            length += 1
            if isEscaped {
                isEscaped = false
            } else if byte == escape {
                isEscaped = true
            } else if byte == quote {
                guard text.dropFirst(length).first == quote else { return length }
                isEscaped = true
            }
        }
        return length
    }

    private static func comment(_ text: Substring.UTF8View) -> Int {
        var (length, depth) = (0, 0)
        var rest = text
        repeat {
            if rest.starts(with: "/*".utf8) || rest.starts(with: "*/".utf8) {
                depth += rest.first == UInt8(ascii: "/") ? 1 : -1
                length += 2
                rest = rest.dropFirst(2)
            } else if depth > 0 {
                length += 1
                rest = rest.dropFirst()
            }
        } while depth > 0 && !rest.isEmpty
        return length
    }

    private static func dollars(_ text: Substring.UTF8View) -> Int {
        let name = text.dropFirst().prefix { isName($0) && $0 != UInt8(ascii: "$") }
        guard name.first.map({ !(UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) ?? true,
            text.dropFirst(1 + name.count).first == UInt8(ascii: "$")
        else { return 0 }
        let fence = Array(text.prefix(name.count + 2))
        var length = fence.count
        var rest = text.dropFirst(length)
        while !rest.isEmpty, !rest.starts(with: fence) {
            length += 1
            rest = rest.dropFirst()
        }
        return rest.isEmpty ? length : length + fence.count
    }
}
