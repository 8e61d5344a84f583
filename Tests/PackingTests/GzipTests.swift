import Foundation
import Packing
import Testing

@Suite("Gzip")
struct GzipTests {
    @Test("makes what gzip reads", arguments: [0, 1, 1_000, 3_000_000])
    func members(count: Int) throws {
        let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* $0 >> 3) }
        let member = try Gzip.member(bytes)
        let file = FileManager.default.temporaryDirectory.appending(path: "\(UUID()).gz")
        defer { try? FileManager.default.removeItem(at: file) }
        try Data(member).write(to: file)
        let reader = Process()
        let output = Pipe()
        reader.executableURL = URL(filePath: "/usr/bin/gzip")
        reader.arguments = ["--decompress", "--stdout", file.path()]
        reader.standardOutput = output
        try reader.run()
        let read = try output.fileHandleForReading.readToEnd() ?? Data()
        reader.waitUntilExit()
        #expect(reader.terminationStatus == 0)
        #expect([UInt8](read) == bytes)
    }

    @Test("makes text shorter")
    func size() throws {
        let text = Array(String(repeating: #"{"name":"router","enabled":true},"#, count: 100).utf8)
        #expect(try Gzip.member(text).count < text.count / 10)
    }
}
