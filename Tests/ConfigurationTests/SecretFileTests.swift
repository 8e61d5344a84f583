import Configuration
import Foundation
import Testing

@Suite("Secrets in files")
struct SecretFileTests {
    private let path = NSTemporaryDirectory() + "sonde-secret-\(UUID())"

    @Test("are read without the line's end, beside those that are set")
    func files() throws {
        try "s3cret\n".write(toFile: path, atomically: true, encoding: .utf8)
        defer { try? FileManager.default.removeItem(atPath: path) }
        #expect(try Environment(["TOKEN_FILE": path]).secretOrFile("TOKEN")?.exposed == "s3cret")
        #expect(try Environment(["TOKEN": "t"]).secretOrFile("TOKEN")?.exposed == "t")
        #expect(try Environment().secretOrFile("TOKEN") == nil)
        let both = #expect(throws: ConfigurationError.self) {
            try Environment(["TOKEN": "t", "TOKEN_FILE": path]).secretOrFile("TOKEN")
        }
        #expect(both?.message == "TOKEN and TOKEN_FILE are both set")
    }

    @Test("are named when they are not there or empty")
    func missing() throws {
        let error = #expect(throws: ConfigurationError.self) {
            try Environment(["TOKEN_FILE": path]).secretOrFile("TOKEN")
        }
        #expect(error?.message.contains("TOKEN_FILE: \(path) cannot be read") == true)
        try "\n".write(toFile: path, atomically: true, encoding: .utf8)
        defer { try? FileManager.default.removeItem(atPath: path) }
        #expect(throws: ConfigurationError.self) { try Environment(["TOKEN_FILE": path]).secretOrFile("TOKEN") }
    }
}
