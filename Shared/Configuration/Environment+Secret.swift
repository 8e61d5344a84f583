import Foundation

extension Environment {
    /// A secret that stands under `key` itself, or in the file that `KEY_FILE` names; `nil` without either.
    ///
    /// Line ends behind it are not part of it.
    public func secretOrFile(_ key: String) throws(ConfigurationError) -> Secret? {
        let fileKey = "\(key)_FILE"
        guard let path = optionalString(fileKey) else { return secret(key) }
        guard optionalString(key) == nil else { throw ConfigurationError("\(key) and \(fileKey) are both set") }
        guard let data = FileManager.default.contents(atPath: path), let text = String(validating: data, as: UTF8.self)
        else { throw ConfigurationError("\(fileKey): \(path) cannot be read as text") }
        let secret = text.trimmingCharacters(in: .newlines)
        guard !secret.isEmpty else { throw ConfigurationError("\(fileKey): \(path) is empty") }
        return Secret(secret)
    }
}
