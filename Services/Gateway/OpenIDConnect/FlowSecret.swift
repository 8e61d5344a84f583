import TLS
import Tokens

/// What ties the end of a sign-in by a provider to its beginning: one secret, kept by whoever began it.
///
/// The provider sees three numbers that follow from it, and that nobody can go back from; so the gateway need not remember
/// who is on the way, and a code that was stolen on the way is worth nothing.
struct FlowSecret {
    let text: String
    private let bytes: [UInt8]

    init() throws {
        bytes = try randomBytes(32)
        text = Base64URL.encode(bytes)
    }

    /// `nil` for what is none.
    init?(_ text: String) {
        guard let bytes = Base64URL.decode(text), bytes.count == 32 else { return nil }
        self.text = text
        self.bytes = bytes
    }

    /// Comes back with the browser (RFC 6749, section 10.12).
    var state: String { derived("state") }
    /// Comes back in the ID token.
    var nonce: String { derived("nonce") }
    /// Shown with the code alone (RFC 7636): the provider knows its hash.
    var verifier: String { derived("verifier") }
    var challenge: String { Base64URL.encode(sha256(Array(verifier.utf8))) }

    private func derived(_ purpose: String) -> String { Base64URL.encode(sha256(bytes + Array(purpose.utf8))) }
}
