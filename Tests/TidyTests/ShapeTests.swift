import Foundation
import Testing

@Suite("Shape")
struct ShapeTests {
    private static let longestFile = 400
    private static let longestLine = 120
    /// Uses of what switches the checker off; raise it only with an argument that convinces a reviewer.
    private static let uncheckedLimit = 12

    @Test("keeps files short", arguments: SourceTree.files.filter { !$0.path.hasSuffix(".md") })
    func length(file: SourceFile) {
        let count = file.lines.count - 1
        #expect(
            count <= Self.longestFile,
            "\(file.path) has \(count) lines: find the two things it does, and part them"
        )
    }

    @Test("names files after what they hold", arguments: SourceTree.swift)
    func names(file: SourceFile) {
        let vague = "(Utils?|Utilities|Helpers?|Managers?|Extensions?|Constants?|Common|Misc|New|Old|Base|Impl)"
        for part in file.path.split(separator: "/").map(String.init) {
            let isVague =
                part.matches("^\(vague)(\\.swift)?$") || part.matches("(Utils?|Helpers?|Manager|Impl)\\.swift$")
            #expect(!isVague, "\(file.path): name it after the type or the concept that it holds")
        }
    }

    @Test("argues for whatever the checker is not to check", arguments: SourceTree.swift)
    func arguments(file: SourceFile) {
        for index in Self.unchecked(file) {
            let above = file.lines[..<index].reversed().drop { $0.matches(#"^\s*@"#) }
            let argument = above.prefix { $0.isComment }.joined(separator: " ")
            #expect(
                argument.count >= 60,
                "\(file.path):\(index + 1): say in a comment right above why this is sound, or use a Mutex or an actor"
            )
        }
    }

    @Test("leaves little unchecked")
    func uncheckedCount() {
        let found = SourceTree.swift.flatMap { file in Self.unchecked(file).map { "\(file.path):\($0 + 1)" } }
        #expect(found.count <= Self.uncheckedLimit, "\(found.joined(separator: "\n"))")
    }

    /// The lines of code, comments and literals aside, that switch the checker off.
    private static func unchecked(_ file: SourceFile) -> [Int] {
        file.lines.indices.filter { index in
            let line = file.lines[index]
            return !line.isComment && line.matches(#"@uncheck[e]d Sendable|nonisolated\(unsaf[e]\)"#)
        }
    }
}
