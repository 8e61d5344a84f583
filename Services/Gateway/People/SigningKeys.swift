import Contracts
import Database
import TLS
import Tokens

/// The key that signs access tokens; made at the first start, and kept.
enum SigningKeys {
    static func load(from database: any Database) async throws -> TokenSigner {
        let stored: String? = try await database.read { connection in
            try connection.value("SELECT pem FROM signing_key ORDER BY id DESC LIMIT 1")
        }
        if let stored { return try TokenSigner(PrivateKey(pem: Array(stored.utf8))) }
        let key = try PrivateKey.ed25519()
        let pem = String(decoding: try key.pem(), as: UTF8.self)
        _ = try await database.write { connection in
            try connection.execute(
                "INSERT INTO signing_key (pem, created_at) VALUES (\(pem), \(Timestamp.now.microseconds))"
            )
        }
        return try TokenSigner(key)
    }
}
