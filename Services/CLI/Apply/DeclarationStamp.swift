import TLS

/// Which files stand at some paths, as far as that is known without reading them.
///
/// Another stamp means that they may have changed. It is another one too when the link `..data` is swapped, through
/// which Kubernetes lets a mounted ConfigMap change as a whole.
struct DeclarationStamp: Equatable, Sendable {
    private struct Entry: Equatable {
        var path: String
        var stamp: FileStamp
    }

    private let entries: [Entry]

    init(of paths: [String]) {
        // A folder that cannot be read, or has no such files, is like one that is not there.
        entries = ((try? DeclarationFile.paths(at: paths)) ?? [])
            .map { Entry(path: $0, stamp: FileStamp($0)) }
            .filter(\.stamp.exists)
    }
}
