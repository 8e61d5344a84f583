import Contracts
import JSONRPC
import Testing

@testable import CLIService

@Suite("The command `sonde silence`", .timeLimit(.minutes(3)))
struct SilenceCommandTests {
    @Test("says which options there are when it is to be about nothing, before it asks anybody")
    func nothing() async throws {
        let add = try await SondeCommand.run(["silence", "add", "we know", "--to", "2h"])
        #expect((add.code, add.text) == (64, ""))
        #expect(
            add.complaint == "sonde: say which incidents, with --rule, --target, --check, --agent or --severity\n"
        )
    }

    @Test("lists what silences are about by name, by id where two share one, and by id for programs")
    func names() async throws {
        let installation = try await Installation()
        defer { installation.remove() }
        let client = try await installation.signIn()
        try await installation.login()
        let own = try await client.call(.createTarget, NewTarget(address: "127.0.9.1:1", name: "own", checks: []))
        let twins = [
            try await client.call(.createTarget, NewTarget(address: "127.0.9.2:1", name: "twin", checks: [])),
            try await client.call(.createTarget, NewTarget(address: "127.0.9.3:1", name: "twin", checks: [])),
        ]
        let agent = try #require(try await client.call(.listAgents, Empty()).agents.first)
        for words in [
            ["first", "--target", "own", "--agent", agent.name], ["second", "--target", twins[0].id.rawValue],
            ["third", "--severity", "warning", "--check", "icmp"],
        ] {
            let added = try await installation.sonde(["silence", "add"] + words + ["--to", "2h"])
            #expect(added.code == 0, "\(added.complaint)")
        }
        let list = try await installation.sonde(["silence", "list"])
        #expect(list.text.contains("target=own,agent=\(agent.name)  "))
        #expect(list.text.contains("target=\(twins[0].id)  "))
        #expect(list.text.contains("check=icmp,severity=warning  "))
        #expect(!list.text.contains(own.id.rawValue))
        let json = try await installation.sonde(["silence", "list", "--json"])
        #expect(json.text.contains(#""target_id":"\#(own.id)""#))
        #expect(json.text.contains(#""agent_id":"\#(agent.id)""#))
        #expect(try await installation.stop() == 0)
    }
}
