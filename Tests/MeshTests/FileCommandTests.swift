import Contracts
import Foundation
import Testing

@testable import CLIService

@Suite("The commands `sonde import`, `export` and `session`", .timeLimit(.minutes(3)))
struct FileCommandTests {
    /// 3,000 rows before `end`, which is more than one piece, of a target that is known and one that is not.
    private static func file(before end: Timestamp) -> String {
        var text = "id,timestamp,target,type,latency_ms,status,metadata,origin\n"
        for number in 0..<3_000 {
            let time = end.advanced(by: .milliseconds(-1_000 * (3_000 - number)))
            let id = UUIDv7(high: UInt64(time.microseconds / 1_000) << 16 | 0x7000, low: UInt64(number) | 1 << 63)
            let target = number % 2 == 0 ? "'=old router" : "known"
            text += "\(id),\(time),\(target),icmp,\(number).5,success,\"{\"\"ttl\"\":\(number)}\",office\n"
        }
        return text
    }

    @Test("carry a history in and out through all services, byte for byte, and a session selects of it")
    func history() async throws {
        let installation = try await Installation()
        defer { installation.remove() }
        let client = try await installation.signIn()
        let new = NewTarget(address: "127.0.9.1:1", name: "known", checks: [])
        let target = try await client.call(.createTarget, new)
        try await installation.login()
        let end = Timestamp(microseconds: Timestamp.now.microseconds / 1_000_000 * 1_000_000 - 86_400_000_000)
        let text = Self.file(before: end)
        let path = installation.folder.appending(path: "history.csv").path
        try text.write(toFile: path, atomically: true, encoding: .utf8)

        let dry = try await installation.sonde(["import", path, "--dry-run"])
        #expect(dry.text == "would store 3000 of 3000 rows; 0 there already, 0 refused\n")
        let first = try await installation.sonde(["import", path])
        #expect(first.text == "stored 3000 of 3000 rows; 0 were there already, 0 refused\n")
        #expect(first.complaint.contains("there is no target \"=old router\"; their rows are kept"))
        let second = try await installation.sonde(["import", path])
        #expect(second.text == "stored 0 of 3000 rows; 3000 were there already, 0 refused\n")
        #expect((dry.code, first.code, second.code) == (0, 0, 0))

        let (from, to) = (end.advanced(by: .seconds(-3_000)).description, end.description)
        let export = try await installation.sonde(["export", "--from", from, "--to", to])
        #expect(export.code == 0)
        #expect(export.text == text)

        let odd = try await installation.sonde(["export", "--status", "odd"])
        #expect((odd.code, odd.text) == (1, ""))
        #expect(odd.complaint == "sonde: status must be success, timeout or error\n")

        let half = end.advanced(by: .seconds(-1_500)).description
        let words = ["session", "add", "first half", "--from", from, "--to", half, "--target", "known"]
        let made = try await installation.sonde(words)
        #expect(made.code == 0)
        let listed = try await installation.sonde(["session", "list"])
        #expect(listed.text.contains("first half") && listed.text.contains("admin@localhost"))
        let output = installation.folder.appending(path: "half.csv").path
        let written = try await installation.sonde(["export", "--session", "first half", "--output", output])
        #expect(written.text == "wrote 750 rows to \(output)\n")
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        let known = lines[1...1_500].filter { $0.contains(",known,") }
        let selected = try String(contentsOfFile: output, encoding: .utf8)
        #expect(selected == ([lines[0]] + known).joined(separator: "\n") + "\n")
        let rows = try await client.call(
            .listMeasurements,
            MeasurementFilter(targetID: target.id, from: Timestamp(from), to: Timestamp(to), limit: 10_000)
        )
        #expect(rows.measurements.count == 1_500)
        #expect(try await installation.sonde(["session", "remove", "first half"]).code == 0)
        #expect(try await installation.stop() == 0)
    }
}
