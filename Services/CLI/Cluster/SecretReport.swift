import Contracts

/// What became of a Secret.
struct SecretReport: Encodable, Sendable {
    enum Action: String, Encodable, Sendable {
        case made
        case kept
        case renewed
        /// There is a successor, which is trusted from now on and signs later.
        case announced
        /// Others are trusted than before.
        case trustChanged
    }

    var secret: String
    var action: Action
    /// When what it certifies ends.
    var validUntil: Timestamp?

    var line: String {
        let words =
            switch action {
            case .made: "made"
            case .kept: "kept"
            case .renewed: "renewed"
            case .announced: "kept, with its successor announced"
            case .trustChanged: "kept, with the authorities of today"
            }
        return "\(secret): \(words)" + (validUntil.map { "; ends \($0)" } ?? "")
    }
}
