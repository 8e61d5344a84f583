import JSON

/// Writes a tree as YAML in block style, which `YAMLReader` reads as the same tree, and so does a reader of YAML 1.1.
public enum YAMLWriter {
    /// The text of one document, two spaces a level, ending with a line feed.
    public static func text(_ node: YAMLNode) -> String {
        var text = ""
        switch node.content {
        case .mapping(let members) where !members.isEmpty: write(members, "", to: &text)
        case .sequence(let elements) where !elements.isEmpty: write(elements, "", to: &text)
        default: text = inline(node) + "\n"
        }
        return text
    }

    private static func write(_ members: [YAMLNode.Member], _ indent: String, to text: inout String) {
        for (index, member) in members.enumerated() {
            // The first one stands on the line of the dash before it.
            if index > 0 || text.last == "\n" || text.isEmpty { text += indent }
            text += quoted(member.key) + ":"
            switch member.value.content {
            case .mapping(let inner) where !inner.isEmpty:
                text += "\n"
                write(inner, indent + "  ", to: &text)
            case .sequence(let inner) where !inner.isEmpty:
                text += "\n"
                write(inner, indent + "  ", to: &text)
            default: text += " \(inline(member.value))\n"
            }
        }
    }

    private static func write(_ elements: [YAMLNode], _ indent: String, to text: inout String) {
        for (index, element) in elements.enumerated() {
            if index > 0 || text.last == "\n" || text.isEmpty { text += indent }
            text += "- "
            switch element.content {
            case .mapping(let inner) where !inner.isEmpty: write(inner, indent + "  ", to: &text)
            case .sequence(let inner) where !inner.isEmpty: write(inner, indent + "  ", to: &text)
            default: text += "\(inline(element))\n"
            }
        }
    }

    /// A scalar, or a collection that is empty.
    private static func inline(_ node: YAMLNode) -> String {
        switch node.content {
        case .mapping: return "{}"
        case .sequence: return "[]"
        case .scalar(.string(let text)): return quoted(text)
        case .scalar(let value): return String(decoding: value.json(), as: UTF8.self)
        }
    }

    /// What a reader of YAML 1.1 takes for something else than a text.
    private static let reserved: Set = ["y", "n", "yes", "no", "on", "off", "true", "false", "null", "~", ""]

    /// As it is where it can only be a text, and as JSON writes it otherwise.
    private static func quoted(_ text: String) -> String {
        let isPlain =
            !reserved.contains(text.lowercased()) && text.utf8.first.map(isLetter) == true
            && text.utf8.last != UInt8(ascii: " ")
            && text.utf8.allSatisfy { isLetter($0) || "0123456789 ._/-".utf8.contains($0) }
        return isPlain ? text : escaped(String(decoding: JSONValue.string(text).json(), as: UTF8.self))
    }

    /// What stands in a JSON text as it is, and is not allowed in YAML or ends a line there.
    private static func escaped(_ json: String) -> String {
        var text = ""
        for scalar in json.unicodeScalars {
            switch scalar.value {
            case 0x7f...0x9f, 0x2028, 0x2029, 0xfeff, 0xfffe, 0xffff:
                let digits = String(scalar.value, radix: 16)
                text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: text.unicodeScalars.append(scalar)
            }
        }
        return text
    }

    private static func isLetter(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
    }
}
