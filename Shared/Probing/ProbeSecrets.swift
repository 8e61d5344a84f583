import Egress
import Foundation

/// What probes prove themselves with: files of a directory, read when they are needed, so that a new secret takes
/// effect at once.
public struct ProbeSecrets: Sendable {
    private static let maximumBytes = 4_096

    /// `nil`: this agent has none.
    private let directory: String?

    public init(directory: String? = nil) {
        self.directory = directory
    }

    /// A secret by its name, without the line break at its end.
    ///
    /// Throws `EgressError` with `local`, which does not tell whether a file is missing or cannot be read.
    func value(_ name: String) throws(EgressError) -> String {
        let isName = !name.hasPrefix(".") && name.utf8.allSatisfy { $0 != UInt8(ascii: "/") && $0 > 0x20 && $0 < 0x7f }
        guard let directory, isName,
            let file = FileHandle(forReadingAtPath: "\(directory)/\(name)"),
            let data = try? file.read(upToCount: Self.maximumBytes), !data.isEmpty
        else { throw EgressError(.local, "this agent has no secret \"\(name)\"") }
        return String(decoding: data, as: UTF8.self).trimmingCharacters(in: .newlines)
    }
}
