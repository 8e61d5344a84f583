import JSON
public import JSONRPC

/// What is wrong with one field of a call's params: `-32602` with the field's name in words and in `data.field`.
public func invalid(_ field: String, _ rule: String) -> RPCError {
    RPCError(.invalidParams, "\(field) \(rule)", data: ["field": .string(field)])
}

/// One line of text of so many Unicode scalars, with nothing in it that a reader could not see.
public func checkText(_ text: String, _ field: String, _ length: ClosedRange<Int>) throws(RPCError) {
    guard length.contains(text.unicodeScalars.count) else {
        throw invalid(field, "must have \(length.lowerBound) to \(length.upperBound) characters")
    }
    guard !text.unicodeScalars.contains(where: \.isDeceptive) else {
        throw invalid(field, "must not contain control characters")
    }
    guard length.lowerBound == 0 || !text.allSatisfy(\.isWhitespace) else {
        throw invalid(field, "must not be blank")
    }
}

public func checkNumber(_ value: Int, _ field: String, _ range: ClosedRange<Int>) throws(RPCError) {
    guard range.contains(value) else {
        throw invalid(field, "must be from \(range.lowerBound) to \(range.upperBound), got \(value)")
    }
}

/// The member of a change that names the version it is meant for; the gateway fills it in from `If-Match`.
public let versionMember = "if_updated_at"

/// Whether a change is meant for what is there: `-32004` with `if_updated_at` in `data.field` when that has changed since
/// it was read; no version is any.
public func checkVersion(_ expected: Timestamp?, of updatedAt: Timestamp) throws(RPCError) {
    guard expected ?? updatedAt == updatedAt else {
        throw RPCError(.conflict, "it has changed since it was read", data: ["field": .string(versionMember)])
    }
}

extension Unicode.Scalar {
    /// Controls, line separators, and what turns the direction of the text around it.
    fileprivate var isDeceptive: Bool {
        switch value {
        case 0x00...0x1f, 0x7f...0x9f, 0x200e...0x200f, 0x2028...0x202e, 0x2066...0x2069, 0xfeff: true
        default: false
        }
    }
}
