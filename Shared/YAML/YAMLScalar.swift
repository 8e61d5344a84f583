import JSON

/// The core schema (YAML 1.2.2, section 10.3.2): what an unquoted scalar means.
///
/// `yes`, `no`, `on` and `off` are texts, dates are too, and `0755` is seven hundred and fifty-five.
enum YAMLScalar {
    /// `nil` for an infinity or what is no number, which JSON cannot hold.
    static func value(ofPlain text: String) -> JSONValue? {
        switch text {
        case "", "~", "null", "Null", "NULL": return .null
        case "true", "True", "TRUE": return .bool(true)
        case "false", "False", "FALSE": return .bool(false)
        default: break
        }
        guard let first = text.utf8.first, isDigit(first) || "+-.".utf8.contains(first) else { return .string(text) }
        if text.hasPrefix("0x"), isNumber(text.dropFirst(2), radix: 16) { return integer(text.dropFirst(2), radix: 16) }
        if text.hasPrefix("0o"), isNumber(text.dropFirst(2), radix: 8) { return integer(text.dropFirst(2), radix: 8) }
        let isSigned = first == UInt8(ascii: "+") || first == UInt8(ascii: "-")
        let magnitude = isSigned ? text.dropFirst() : text[...]
        if [".inf", ".Inf", ".INF"].contains(magnitude) || [".nan", ".NaN", ".NAN"].contains(text) { return nil }
        if isNumber(magnitude, radix: 10) {
            return Int(text).map(JSONValue.int) ?? double(text)
        }
        return isFloat(magnitude) ? double(text) : .string(text)
    }

    private static func integer(_ digits: Substring, radix: Int) -> JSONValue? {
        Int(digits, radix: radix).map(JSONValue.int)
    }

    private static func double(_ text: String) -> JSONValue? {
        // Swift takes neither a point without digits before it nor one without digits behind it.
        var padded = text.replacing(/^([-+]?)\./) { "\($0.1)0." }
        padded = padded.replacing(/\.(?=$|[eE])/, with: ".0")
        guard let value = Double(padded), value.isFinite else { return nil }
        return .double(value)
    }

    private static func isNumber(_ digits: Substring, radix: Int) -> Bool {
        !digits.isEmpty && digits.utf8.allSatisfy { isDigit($0, radix: radix) }
    }

    /// `( \. [0-9]+ | [0-9]+ ( \. [0-9]* )? ) ( [eE] [-+]? [0-9]+ )?`, by hand: a text may be long.
    private static func isFloat(_ text: Substring) -> Bool {
        var rest = text.utf8[...]
        let whole = rest.prefix { isDigit($0) }.count
        rest = rest.dropFirst(whole)
        if rest.first == UInt8(ascii: ".") {
            let fraction = rest.dropFirst().prefix { isDigit($0) }.count
            guard whole > 0 || fraction > 0 else { return false }
            rest = rest.dropFirst(1 + fraction)
        } else if whole == 0 {
            return false
        }
        guard let exponent = rest.first else { return true }
        guard exponent == UInt8(ascii: "e") || exponent == UInt8(ascii: "E") else { return false }
        rest = rest.dropFirst()
        if let sign = rest.first, sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-") { rest = rest.dropFirst() }
        return !rest.isEmpty && rest.allSatisfy { isDigit($0) }
    }

    private static func isDigit(_ byte: UInt8, radix: Int = 10) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): Int(byte - UInt8(ascii: "0")) < radix
        case UInt8(ascii: "a")...UInt8(ascii: "f"), UInt8(ascii: "A")...UInt8(ascii: "F"): radix == 16
        default: false
        }
    }
}
