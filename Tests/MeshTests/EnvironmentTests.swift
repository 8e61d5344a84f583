import Foundation
import ServiceTesting
import TestServers
import Testing

/// In a process of its own: what changes the environment of this one pulls it from under those that start others.
@Suite("The environment")
struct EnvironmentTests {
    @Test("leads no probe through a proxy", .timeLimit(.minutes(5)))
    func proxy() async throws {
        let server = try await ScriptedServer(.reply("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"))
        let sonde = try await SondeCommand.run(
            ["probe", "http", server.url(), "--count", "1"],
            environment: ["http_proxy": "http://127.0.0.1:1", "ALL_PROXY": "http://127.0.0.1:1"]
        )
        #expect(sonde.code == 0)
    }
}
