import Foundation
import Testing

/// The architecture, as Package.swift lists it and as the files live by it.
@Suite("Imports")
struct ImportTests {
    /// The shared targets, from the ground up.
    static let floors: [String] = {
        let manifest = SourceFile("Package.swift")?.lines ?? []
        let shared = manifest.drop { !$0.contains("let shared:") }.prefix { $0 != "]" }
        return shared.compactMap { line in
            guard let range = line.range(of: #"(?<=[yY]\(|name: )"\w+""#, options: .regularExpression) else {
                return standalone(line)
            }
            return String(line[range].filter { $0 != "\"" })
        }
    }()

    /// A name that stands on a line by itself, as the formatter breaks a long declaration.
    private static func standalone(_ line: String) -> String? {
        let text = line.trimmingCharacters(in: .whitespaces)
        return text.matches(#"^"\w+",$"#) ? text.replacing("\"", with: "").replacing(",", with: "") : nil
    }

    /// libc's own additions, which stand beside Glibc and not behind a wrapper, and what is called like a C library
    /// and is none.
    private static let open: Set = ["CLinux", "CSV"]

    static let sharedFiles = SourceTree.swift.filter { $0.path.hasPrefix("Shared/") }
    static let serviceFiles = SourceTree.swift.filter { $0.path.hasPrefix("Services/") }

    @Test("reads the list of floors")
    func list() {
        #expect(Self.floors.first == "CLinux")
        #expect(Self.floors.contains("JSONRPCTransport"))
        let missing = Set(Self.sharedFiles.map(\.target)).subtracting(Self.floors)
        #expect(missing.isEmpty, "in Shared/, but not in Package.swift: \(missing)")
    }

    @Test("a library uses only what stands above it", arguments: sharedFiles)
    func downwards(file: SourceFile) throws {
        let own = try #require(Self.floors.firstIndex(of: file.target))
        for name in file.imports {
            guard let floor = Self.floors.firstIndex(of: name) else { continue }
            #expect(floor < own, "\(file.path) imports \(name), which stands below \(file.target) in Package.swift")
        }
    }

    @Test("what is part of a release does without the testing library, which it is built without")
    func release() {
        let folders = ["Shared/", "Services/", "Benchmarks/", "Tests/ServiceTesting/", "Tests/TestServers/"]
        let files = SourceTree.swift.filter { file in folders.contains(where: file.path.hasPrefix) }
        #expect(files.contains { $0.path.hasPrefix("Tests/ServiceTesting/") })
        for file in files where file.lines.contains(where: { $0.matches(#"^\s*(public )?import Testing$"#) }) {
            #expect(file.lines.contains("#if canImport(Testing)"), "\(file.path) imports Testing in every build")
        }
    }

    @Test("one target alone wraps a C library")
    func wrappers() {
        var users: [String: Set<String>] = [:]
        for file in Self.sharedFiles + Self.serviceFiles {
            for name in file.imports where name.matches("^C[A-Z]") && !Self.open.contains(name) {
                users[name, default: []].insert(file.target)
            }
        }
        #expect(!users.isEmpty)
        for (name, targets) in users {
            #expect(targets.count == 1, "\(name) is imported by \(targets.sorted()): go through its owner")
        }
    }

    @Test("no service uses another", arguments: serviceFiles)
    func services(file: SourceFile) {
        let own = file.target.replacing(/Main$/, with: "Service")
        for name in file.imports where name.hasSuffix("Service") {
            #expect(name == own, "\(file.path) imports \(name): services meet in Contracts, and on the wire")
        }
    }
}
