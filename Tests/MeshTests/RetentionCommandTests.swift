import Contracts
import Foundation
import Testing

@testable import CLIService

@Suite("The commands `sonde retention`", .timeLimit(.minutes(3)))
struct RetentionCommandTests {
    @Test("shorten what a tenant keeps, within what its operator lets it have")
    func shorten() async throws {
        let installation = try await Installation()
        defer { installation.remove() }
        try await installation.login()
        func lines(_ words: String...) async throws -> [String] {
            let answer = try await installation.sonde(["retention"] + words)
            #expect(answer.code == 0, "\(answer.complaint)")
            return answer.text.split(separator: "\n").map { line in
                line.split(separator: " ").joined(separator: " ")
            }
        }
        #expect(
            try await lines("show")
                == ["WHAT KEPT AT MOST", "rows 30d 30d", "minutes 90d 90d", "hours 400d 400d", "days 3650d 3650d"]
        )
        #expect(try await lines("set", "--rows", "7d", "--days", "500d")[1] == "rows 7d 30d")
        #expect(try await lines("set", "--tenant", "default", "--rows", "20d", "--minutes", "60d")[1] == "rows 7d 20d")
        #expect(
            try await lines("show", "--tenant", "default")
                == ["WHAT KEPT AT MOST", "rows 7d 20d", "minutes 60d 60d", "hours 400d 400d", "days 500d 3650d"]
        )
        let mistakes = [
            (["set", "--rows", "21d"], 1, "row_days must be from 1 to 20, got 21"),
            (["set", "--minutes", "6d"], 1, "minute_days must be at least row_days, which is 7"),
            (["set", "--rows", "36h"], 64, "--rows must be whole days such as 30d, got \"36h\""),
            (["set", "--rows", "0d"], 64, "--rows must be whole days such as 30d, got \"0d\""),
            (["set", "--rows", "-1d"], 64, "--rows must be whole days such as 30d, got \"-1d\""),
            (["set"], 64, "say for how long, with --rows, --minutes, --hours or --days"),
        ]
        for (words, code, complaint) in mistakes {
            let answer = try await installation.sonde(["retention"] + words)
            #expect((Int(answer.code), answer.complaint) == (code, "sonde: \(complaint)\n"))
        }

        let path = installation.folder.appending(path: "history.csv").path
        let text = [8, 2].map { days in
            "\(Timestamp.now.advanced(by: .seconds(-days * 86_400 - 3_600))),a,icmp,1,success\n"
        }
        try ("timestamp,target,type,latency_ms,status\n" + text.joined())
            .write(toFile: path, atomically: true, encoding: .utf8)
        let imported = try await installation.sonde(["import", path])
        #expect(imported.text.hasPrefix("stored 1 of 2 rows; 0 were there already, 1 refused"))
        #expect(try await installation.stop() == 0)
    }
}
