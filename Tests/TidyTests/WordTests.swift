import Testing

/// A text that must not stand in some files, and what to do instead.
struct Ban {
    let pattern: String
    let advice: String
    let covers: @Sendable (SourceFile) -> Bool

    init(_ pattern: String, _ advice: String, in covers: @escaping @Sendable (SourceFile) -> Bool) {
        self.pattern = pattern
        self.advice = advice
        self.covers = covers
    }

    static func swift(_ file: SourceFile) -> Bool { file.path.hasSuffix(".swift") }
    static func page(_ file: SourceFile) -> Bool { file.path.hasSuffix(".js") }
    static func test(_ file: SourceFile) -> Bool { swift(file) && file.path.hasPrefix("Tests/") }
    static func everything(_ file: SourceFile) -> Bool { true }

    static func house(_ file: SourceFile) -> Bool {
        swift(file) && (file.path.hasPrefix("Shared/") || file.path.hasPrefix("Services/"))
    }

    static func quiet(_ file: SourceFile) -> Bool {
        house(file) && !file.path.hasPrefix("Services/CLI/")
    }

    static func inside(_ file: SourceFile) -> Bool {
        house(file) && !file.path.hasPrefix("Shared/Egress/")
    }
}

@Suite("Words")
struct WordTests {
    /// Patterns are written so that they do not match themselves.
    static let bans = [
        Ban(#"(?<![\w.])Task\s*\{"#, "nobody owns it; add it to the owner's task group", in: Ban.swift),
        Ban(#"Task\.detach[e]d"#, "nobody owns it; add it to the owner's task group", in: Ban.swift),
        Ban(#"\btry[!]"#, "throw, or state the invariant with a precondition", in: Ban.swift),
        Ban(#"\bas[!] "#, "cast with as? and say what to do when it fails", in: Ban.swift),
        Ban(#"\bcatch \{\s*\}"#, "let the error through, or say why failing is a normal answer", in: Ban.swift),
        Ban(#"\bfatal[E]rror\("#, "precondition for our own mistakes, throw for the world's", in: Ban.swift),
        Ban(#"\b(TO[D]O|FIX[M]E|XX[X]|HAC[K])\b"#, "finish it, or write it down as an issue", in: Ban.everything),
        Ban(#"(?<![\w.]|func )pr[i]nt\("#, "log it, with its values as metadata", in: Ban.quiet),
        Ban(#"Dispatch[Q]ueue|OperationQ[u]eue"#, "work on the event loop, or on a thread with a name", in: Ban.house),
        Ban(#"URL[S]ession|URL[R]equest"#, "Egress is the only way out", in: Ban.inside),
        Ban(
            #"\bu[s]leep|nano[s]leep|Thread\.sl[e]ep|Task\.sl[e]ep"#,
            "await the effect, or move the clock",
            in: Ban.test
        ),
        Ban(#"(?<![\w.]|func )sl[e]ep\("#, "await the effect, or move the clock", in: Ban.test),
        Ban(#"\.(inner|outer)HTM[L]|insertAdjacentHTM[L]|document\.writ[e]"#, "set textContent", in: Ban.page),
        Ban(#"\bev[a]l\(|new Functio[n]\("#, "the content security policy forbids it", in: Ban.page),
        Ban(#"(?<![\w.])/work[/]|/tmp/h[/]|/root[/]"#, "no path of one machine belongs here", in: Ban.everything),
    ]

    @Test("keeps to the words of the house", arguments: SourceTree.files)
    func words(file: SourceFile) {
        for ban in Self.bans where ban.covers(file) {
            for (index, line) in file.lines.enumerated() where line.matches(ban.pattern) {
                Issue.record("\(file.path):\(index + 1): \(ban.advice): \(line)")
            }
        }
    }

    @Test(
        "finds what each ban is for",
        arguments: [
            "    Ta" + "sk { await work() }", "let value = tr" + "y! make()", "x as" + "! Int", "// TO" + "DO later",
            "    us" + "leep(10)", "    prin" + "t(\"x\")", "element.inner" + "HTML = text", "/wo" + "rk/shared",
        ]
    )
    func bites(line: String) {
        #expect(Self.bans.contains { line.matches($0.pattern) })
    }

    @Test(
        "lets pass what only looks like it",
        arguments: [
            "await clock.sleep(for: .seconds(1))", "func print(to page: inout String)", "let task: Task<Void, Never>",
            "try? reader.skip()", "DatabaseThread<SQLiteConnection> {", "\"/workspace/x\"",
        ]
    )
    func spares(line: String) {
        #expect(!Self.bans.contains { line.matches($0.pattern) })
    }
}
