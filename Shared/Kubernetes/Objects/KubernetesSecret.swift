import Foundation

/// Files that only some may read; its contents are neither printed nor described.
public struct KubernetesSecret: KubernetesObject, CustomStringConvertible, CustomReflectable {
    public static let resource = KubernetesResource("v1", "Secret", "secrets")

    public var metadata: KubernetesMetadata
    public var type: String?
    /// In base64 by name of the file.
    private var data: [String: String]?

    public init(metadata: KubernetesMetadata, files: [String: [UInt8]]) {
        self.metadata = metadata
        type = "Opaque"
        data = files.mapValues(Self.encoded)
    }

    /// A file's bytes; `nil` when there is none of this name, or it is not in base64.
    public func file(_ name: String) -> [UInt8]? {
        data?[name].flatMap { Data(base64Encoded: $0) }.map { [UInt8]($0) }
    }

    public static func encoded(_ file: [UInt8]) -> String { Data(file).base64EncodedString() }

    public var description: String { "<secret \(metadata.key)>" }
    public var customMirror: Mirror { Mirror(reflecting: description) }
}
