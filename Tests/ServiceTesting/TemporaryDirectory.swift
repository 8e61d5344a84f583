import Foundation

/// A directory of one test, gone with its last reference.
public final class TemporaryDirectory: Sendable {
    public let path = NSTemporaryDirectory() + "sonde-\(UUID())"

    public init() throws {
        try FileManager.default.createDirectory(
            atPath: path,
            withIntermediateDirectories: true,
            attributes: [.posixPermissions: 0o700]
        )
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }
}
