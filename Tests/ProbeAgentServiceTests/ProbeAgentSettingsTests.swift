import Configuration
import Egress
import EventLoop
import ProbeAgentService
import Testing

@Suite("ProbeAgentSettings")
struct ProbeAgentSettingsTests {
    @Test("take the allowed networks by name")
    func networks() throws {
        let settings = try ProbeAgentSettings(
            from: Environment(["PROBE_AGENT_ALLOWED_NETWORKS": "global, unique-local"])
        )
        #expect(settings.policy.allowed == [.global, .uniqueLocal])
        #expect(try ProbeAgentSettings(from: Environment()).policy == .remote)
        #expect(!AddressPolicy.remote.allows(.loopback))
    }

    @Test("say which words there are when one is none of them")
    func unknownNetwork() {
        let error = #expect(throws: ConfigurationError.self) {
            try ProbeAgentSettings(from: Environment(["PROBE_AGENT_ALLOWED_NETWORKS": "everything"]))
        }
        #expect(error?.message.contains("link-local") == true)
    }

    @Test("refuse a durability that there is not, and a spool too small to hold anything")
    func spool() throws {
        for (key, value) in [("PROBE_AGENT_DURABILITY", "forever"), ("PROBE_AGENT_SPOOL_BYTES", "1000")] {
            let error = #expect(throws: ConfigurationError.self) {
                try ProbeAgentSettings(from: Environment([key: value]))
            }
            #expect(error?.message.hasPrefix(key) == true)
        }
        let settings = try ProbeAgentSettings(from: Environment()).spool
        #expect(settings.durability == .process)
        #expect(settings.bytes >= 86_400 * 100 * 240)
    }
}
