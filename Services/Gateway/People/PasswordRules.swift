import Contracts
import Foundation
import JSONRPC

/// Which passwords people may choose (NIST SP 800-63B, section 5.1.1.2): long ones, and none that is easy to guess; of
/// what they are made is their own business.
struct PasswordRules: Sendable {
    static let minimumCharacters = 8
    /// Longer ones are refused before anything is done with them.
    static let maximumBytes = 1_024

    var list: PasswordList?

    /// Unicode's form NFC (UAX #15), so that one password has the same bytes from every keyboard.
    static func normalized(_ password: String) -> String {
        password.precomposedStringWithCanonicalMapping
    }

    /// Throws `invalidParams` about `field`; `names` are what everybody knows of who chooses it.
    func check(_ password: String, _ field: String, names: [String]) throws(RPCError) {
        guard password.utf8.count <= Self.maximumBytes else {
            throw invalid(field, "must have \(Self.maximumBytes) bytes at most")
        }
        guard Self.normalized(password).unicodeScalars.count >= Self.minimumCharacters else {
            throw invalid(field, "must have \(Self.minimumCharacters) characters or more")
        }
        let folded = Self.normalized(password).lowercased()
        guard !names.contains(where: { Self.normalized($0).lowercased() == folded }) else {
            throw invalid(field, "must not be a name that others know")
        }
        guard list?.contains(password) != true else {
            throw invalid(field, "is one of those that many people have")
        }
    }

    /// An address, and what stands before its `@`.
    static func names(inEmail email: String) -> [String] {
        [email] + email.split(separator: "@").prefix(1).map(String.init)
    }
}
