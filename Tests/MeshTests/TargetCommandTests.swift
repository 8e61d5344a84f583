import Contracts
import Testing

@Suite("The command `sonde target`", .timeLimit(.minutes(3)))
struct TargetCommandTests {
    @Test(
        "says what its group has, and what it has not",
        arguments: [["target"], ["target", "-h"], ["help", "target"]]
    )
    func group(_ words: [String]) async throws {
        let help = try await SondeCommand.run(words)
        #expect(help.code == 0)
        #expect(help.text.contains("target add      watch a host"))
        #expect(!help.text.contains("check add"))
        let wrong = try await SondeCommand.run(["target", "watch"])
        #expect(wrong.code == 64)
        #expect(wrong.complaint == "sonde: there is no command \"target watch\"; try sonde target --help\n")
    }

    @Test("watches a URL by HTTP and a host by ICMP, and lists checks by the names of their targets")
    func kinds() async throws {
        let installation = try await Installation()
        defer { installation.remove() }
        try await installation.login()
        for (address, type) in [("http://127.0.9.1/", "http"), ("127.0.9.1", "icmp")] {
            let added = try await installation.sonde(["target", "add", address, "--name", "by \(type)"])
            #expect(added.code == 0, "\(added.complaint)")
            let list = try await installation.sonde(["check", "list", "by \(type)"])
            let lines = list.text.split(separator: "\n").dropFirst()
            #expect(lines.count == 1)
            #expect(lines.first?.contains("  by \(type)  \(type)  ") == true)
        }
        let all = try await installation.sonde(["check", "list"])
        #expect(all.text.contains("  by http  "))
        #expect(try await installation.stop() == 0)
    }
}
