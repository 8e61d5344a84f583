import Foundation
import TestServers

/// What `sonde` printed, and how it ended.
struct SondeCommand {
    let code: Int
    let text: String
    /// What went to its error output.
    let complaint: String

    /// Runs it to its end.
    static func run(_ arguments: [String], environment: [String: String]? = nil) async throws -> SondeCommand {
        let files = ["out", "err"].map {
            FileManager.default.temporaryDirectory.appending(path: "sonde-\(UUID()).\($0)").path
        }
        defer { for file in files { try? FileManager.default.removeItem(atPath: file) } }
        let program = Installation.program("sonde").path
        let sonde = try Child(program, arguments, environment: environment, output: files[0], errors: files[1])
        let code = try await sonde.end()
        let texts = try files.map { try String(contentsOfFile: $0, encoding: .utf8) }
        return SondeCommand(code: code, text: texts[0], complaint: texts[1])
    }
}
