import Configuration
import Foundation
import TLS

/// Passwords that too many have, from a file with one on each line.
///
/// Kept as a sorted array of eight bytes each, the beginnings of their SHA-256: a million take 8 MB, and another password
/// is taken for one of them once in 18 million million.
struct PasswordList: Sendable {
    private static let maximumBytes = 256 << 20
    private let digests: [UInt64]

    /// Throws when the file cannot be read, is too large, or has no line.
    init(file path: String) throws {
        let attributes = try FileManager.default.attributesOfItem(atPath: path)
        guard let size = attributes[.size] as? Int, size <= Self.maximumBytes else {
            throw ConfigurationError("GATEWAY_PASSWORD_LIST: \(path) has more than \(Self.maximumBytes) bytes")
        }
        let data = try Data(contentsOf: URL(filePath: path))
        self.init(String(decoding: data, as: UTF8.self).split(whereSeparator: \.isNewline))
        guard !digests.isEmpty else { throw ConfigurationError("GATEWAY_PASSWORD_LIST: \(path) is empty") }
    }

    init(_ lines: some Sequence<some StringProtocol>) {
        digests = Set(lines.map { Self.digest(String($0)) }).sorted()
    }

    /// In whatever case it is written, since who guesses tries all of them.
    func contains(_ password: String) -> Bool {
        let digest = Self.digest(password)
        var (low, high) = (0, digests.count)
        while low < high {
            let middle = (low + high) / 2
            if digests[middle] < digest { low = middle + 1 } else { high = middle }
        }
        return low < digests.count && digests[low] == digest
    }

    private static func digest(_ password: String) -> UInt64 {
        sha256(Array(PasswordRules.normalized(password).lowercased().utf8)).prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
    }
}
