import Egress
import Foundation
import TLS

/// Whom probes trust to vouch for servers: the system's authorities, or those of a file.
public final class TrustedAuthorities {
    /// PEM.
    let file: String?
    private var contexts: [[String]: TLSContext] = [:]

    public init(file: String? = nil) {
        self.file = file
    }

    /// What a handshake is made with that offers these protocols; made once, since it reads all authorities.
    func context(protocols: [String] = []) throws(EgressError) -> TLSContext {
        if let context = contexts[protocols] { return context }
        do {
            let context = try TLSContext.inspector(authorities: try authorities(), protocols: protocols)
            contexts[protocols] = context
            return context
        } catch {
            throw EgressError(.local, "the trusted authorities cannot be read", cause: error)
        }
    }

    private func authorities() throws -> [Certificate] {
        guard let file else { return [] }
        let text = try String(contentsOfFile: file, encoding: .utf8)
        let end = "-----END CERTIFICATE-----"
        return try text.components(separatedBy: end).dropLast().map { try Certificate(pem: Array(($0 + end).utf8)) }
    }
}
