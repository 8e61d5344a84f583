import Foundation

/// The checkout, as the house rules see it.
enum SourceTree {
    static let root = URL(filePath: #filePath).appending(path: "../../..").standardizedFileURL

    private static let folders = [".ci", "Benchmarks", "Services", "Shared", "Tests", "docs", "scripts"]
    private static let kinds: Set = ["c", "css", "h", "html", "js", "md", "py", "sh", "swift"]

    /// Every text that people write, by its path below the root.
    static let files: [SourceFile] = {
        let inFolders = folders.flatMap { folder in
            (FileManager.default.enumerator(atPath: root.appending(path: folder).path())?.compactMap { $0 as? String }
                ?? []).map { "\(folder)/\($0)" }
        }
        return (inFolders + ["Package.swift", "README.md"])
            .filter { kinds.contains(URL(filePath: $0).pathExtension) }
            .sorted()
            .compactMap(SourceFile.init)
    }()

    static let swift = files.filter { $0.path.hasSuffix(".swift") }
}

/// One file of the checkout.
struct SourceFile: CustomStringConvertible {
    let path: String
    let lines: [String]

    /// `nil` for what is not there: not every checkout has every folder.
    init?(_ path: String) {
        guard let text = try? String(contentsOf: SourceTree.root.appending(path: path), encoding: .utf8) else {
            return nil
        }
        self.path = path
        lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    }

    var description: String { path }

    /// The name of the target that the file belongs to, as far as its folder tells.
    var target: String {
        let parts = path.split(separator: "/").map(String.init)
        guard parts.count > 2 else { return parts[0] }
        guard parts[0] == "Services" else { return parts[1] }
        return parts[2] == "Main" ? "\(parts[1])Main" : "\(parts[1])Service"
    }

    /// The modules that the file imports.
    var imports: [String] {
        lines.compactMap { line in
            let words = line.split(separator: " ")
            guard let index = words.firstIndex(of: "import"), index < 3, index + 1 < words.count,
                words[..<index].allSatisfy({ $0.hasPrefix("@") || ["internal", "package", "public"].contains($0) })
            else { return nil }
            return String(words[words.count - 1].prefix { $0 != "." })
        }
    }
}

extension String {
    /// Whether a regular expression of ICU is found in the text.
    func matches(_ pattern: String) -> Bool {
        range(of: pattern, options: .regularExpression) != nil
    }

    var isComment: Bool { trimmingCharacters(in: .whitespaces).hasPrefix("//") }
}
