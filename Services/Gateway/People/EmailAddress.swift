import Contracts
import Foundation
import JSONRPC

/// The name of a person: an e-mail address, the same in whatever case it is written.
enum EmailAddress {
    private static let maximumBytes = 254
    private static let maximumLocalBytes = 64

    /// The form in which an address is kept and looked up; `nil` for what is too long to be one.
    static func folded(_ text: String) -> String? {
        guard text.utf8.count <= maximumBytes else { return nil }
        return text.precomposedStringWithCanonicalMapping.lowercased()
    }

    /// The same, for an address that is to be kept.
    ///
    /// Throws `invalidParams` for what is no address: no letter but visible ones, and one `@` with something on each
    /// side. Nothing more is asked, since nothing more would make sure that mail arrives.
    static func checked(_ text: String) throws(RPCError) -> String {
        guard let folded = folded(text), folded.utf8.count <= maximumBytes else {
            throw invalid("email", "must have \(maximumBytes) bytes at most")
        }
        let parts = folded.split(separator: "@", omittingEmptySubsequences: false)
        guard parts.count == 2, (1...maximumLocalBytes).contains(parts[0].utf8.count), !parts[1].isEmpty else {
            throw invalid("email", "must be an address such as ann@example.org")
        }
        try checkText(folded, "email", 3...maximumBytes)
        guard !folded.contains(where: \.isWhitespace) else { throw invalid("email", "must not contain spaces") }
        return folded
    }
}
