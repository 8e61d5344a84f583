import Contracts
import JSONRPC

/// At most 64 labels; keys of 1 to 63 letters, digits and `._/-`, values of at most 256 characters.
func checkLabels(_ labels: [String: String]) throws(RPCError) {
    guard labels.count <= 64 else { throw invalid("labels", "must be at most 64, got \(labels.count)") }
    for (key, value) in labels {
        let isKey =
            (1...63).contains(key.utf8.count) && key.utf8.allSatisfy { isNameByte($0) || "._/-".utf8.contains($0) }
        guard isKey else {
            throw invalid("labels", "must have keys of 1 to 63 letters, digits, and the characters . _ / -")
        }
        try checkText(value, "labels.\(key)", 0...256)
    }
}

func isNameByte(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"):
        true
    default:
        false
    }
}
