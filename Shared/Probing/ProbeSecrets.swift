import Egress
import Foundation

/// What probes prove themselves with: files of a directory, read when they are needed, so that a new secret takes
/// effect at once.
///
/// A file's first line is the secret. The lines after it name the hosts that it is for, one each; where there are
/// none, it is for all. It is sent over TLS alone.
public struct ProbeSecrets: Sendable {
    private static let maximumBytes = 4_096

    /// `nil`: this agent has none.
    private let directory: String?

    public init(directory: String? = nil) {
        self.directory = directory
    }

    /// A secret by its name, for a request to `url`.
    ///
    /// Throws `EgressError` with `local`, which does not tell whether a file is missing or cannot be read, and with
    /// `forbidden` for a URL that it is not for.
    func value(_ name: String, for url: String) throws(EgressError) -> String {
        let isName = !name.hasPrefix(".") && name.utf8.allSatisfy { $0 != UInt8(ascii: "/") && $0 > 0x20 && $0 < 0x7f }
        guard let directory, isName,
            let file = FileHandle(forReadingAtPath: "\(directory)/\(name)"),
            let data = try? file.read(upToCount: Self.maximumBytes), !data.isEmpty
        else { throw EgressError(.local, "this agent has no secret \"\(name)\"") }
        var lines = String(decoding: data, as: UTF8.self).split(whereSeparator: \.isNewline).map(String.init)
        guard !lines.isEmpty else { throw EgressError(.local, "this agent has no secret \"\(name)\"") }
        let secret = lines.removeFirst()
        let destination = try EgressURL(url)
        guard destination.isSecure else { throw EgressError(.forbidden, "a secret is sent over https alone") }
        guard lines.isEmpty || lines.contains(destination.host) else {
            throw EgressError(.forbidden, "the secret \"\(name)\" is not for this host")
        }
        return secret
    }
}
