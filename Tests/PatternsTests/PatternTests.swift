import Testing

@testable import Patterns

@Suite("Pattern")
struct PatternTests {
    @Test(
        "finds what it describes anywhere in the subject",
        arguments: [
            ("ok", "all is ok here", true), ("^ok", "not ok", false), (#"\bv[0-9]+\.[0-9]+"#, "version v1.25", true),
            ("(?i)READY", "ready", true), ("^$", "", true), ("ü+", "Büüro", true),
        ]
    )
    func matching(text: String, subject: String, expected: Bool) throws {
        #expect(try Pattern(text).matches(Array(subject.utf8)) == expected)
    }

    @Test("says where a text stops being a pattern")
    func syntax() {
        #expect(throws: PatternError("is no pattern: missing closing parenthesis, at byte 5")) { try Pattern("(open") }
        #expect(throws: PatternError.self) { try Pattern(String(repeating: "a", count: 1_025)) }
        #expect(throws: PatternError.self) { try Pattern(#"\C"#) }
    }

    @Test("looks at bytes that are no text")
    func bytes() throws {
        #expect(try Pattern("end").matches([0xff, 0xfe, 0x00, 0x80] + Array("end".utf8)))
    }

    @Test(
        "gives up on a pattern that would run for ages",
        arguments: [
            "(a+)+$", "(a|a)*b", "(a|aa)+$", "(.*)*x", "a*[bc]", #"\w*+[ ,]"#, #"\p{L}*+[ ,]"#, "(?s).*.*.*x",
            "(?:a?){50}a{50}b", "a*a*a*a*b", "(?=(a+))a*b",
        ]
    )
    func catastrophe(text: String) throws {
        let subject = [UInt8](repeating: UInt8(ascii: "a"), count: 65_535) + [UInt8(ascii: "!")]
        let pattern = try Pattern(text)
        let start = ContinuousClock.now
        // Some are seen through at once, and do not match; none may take long. On a quiet machine it is 20 ms.
        _ = try? pattern.matches(subject)
        #expect(ContinuousClock.now - start < .milliseconds(500))
    }
}
