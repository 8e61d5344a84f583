import Configuration
import Foundation
import Testing

@Suite("Settings")
struct EnvironmentTests {
    private enum Word: String, CaseIterable { case one, two }

    @Test("are read as what they are, and fall back when they are empty")
    func values() throws {
        let settings = Environment(["N": "7", "B": "yes", "D": "250ms", "W": "two", "E": ""])
        #expect(try settings.integer("N", default: 1, in: 0...9) == 7)
        #expect(try settings.integer("E", default: 1, in: 0...9) == 1)
        #expect(try settings.boolean("B", default: false))
        #expect(try settings.duration("D", default: .zero, in: .zero ... .seconds(1)) == .milliseconds(250))
        #expect(try settings.choice("W", default: Word.one) == .two)
        #expect(throws: ConfigurationError.self) { try settings.requiredString("E") }
    }

    @Test(
        "name themselves when they cannot be used",
        arguments: [" ", "x", "10", "-1", "1.5", "7 ", "0x7", "99999999999999999999"]
    )
    func wrong(text: String) {
        let settings = Environment(["N": text])
        let error = #expect(throws: ConfigurationError.self) { try settings.integer("N", default: 1, in: 0...9) }
        #expect(error?.message.contains("N must be a whole number from 0 to 9") == true)
        #expect(throws: ConfigurationError.self) { try settings.boolean("N", default: true) }
        #expect(throws: ConfigurationError.self) { try settings.choice("N", default: Word.one) }
        #expect(throws: ConfigurationError.self) {
            try settings.duration("N", default: .zero, in: .zero ... .seconds(1))
        }
    }

    @Test(
        "know durations with their units",
        arguments: [("0s", 0), ("90s", 90), ("5m", 300), ("24h", 86_400), ("7d", 604_800)]
    )
    func durations(text: String, seconds: Int) {
        #expect(Duration(text: text) == .seconds(seconds))
    }

    @Test(
        "know no other durations",
        arguments: ["", "s", "1", "-1s", "1.5s", "1 s", "1S", "9223372036854775807d", "1s1s", "\u{0661}s"]
    )
    func noDurations(text: String) {
        #expect(Duration(text: text) == nil)
    }

    @Test("are read off a file, whose line is named when it is wrong")
    func file() throws {
        let path = NSTemporaryDirectory() + "settings-\(UUID())"
        defer { try? FileManager.default.removeItem(atPath: path) }
        try Data("# comment\n\n A = 1 \nB=\"x y\"\nC=a=b\n".utf8).write(to: URL(filePath: path))
        #expect(try Environment(file: path).values == ["A": "1", "B": "x y", "C": "a=b"])
        for (text, place) in [("A=1\nA=2", ":2"), ("A", ":1"), ("\n\na=1", ":3"), ("=1", ":1")] {
            try Data(text.utf8).write(to: URL(filePath: path))
            let error = #expect(throws: ConfigurationError.self) { try Environment(file: path) }
            #expect(error?.message.hasPrefix(path + place) == true)
        }
        try Data([0xff]).write(to: URL(filePath: path))
        #expect(throws: ConfigurationError.self) { try Environment(file: path) }
        #expect(throws: ConfigurationError.self) { try Environment(file: path + "-none") }
    }
}
