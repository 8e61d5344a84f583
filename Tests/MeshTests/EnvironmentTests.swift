import Foundation
import ServiceTesting
import TestServers
import Testing

/// In a process of its own: what changes the environment of this one pulls it from under those that start others.
@Suite("The environment")
struct EnvironmentTests {
    @Test("leads no probe through a proxy", .timeLimit(.minutes(1)))
    func proxy() async throws {
        let server = try await ScriptedServer(.reply("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"))
        let process = Process()
        process.executableURL = Installation.program("sonde")
        process.arguments = ["probe", "http", server.url(), "--count", "1"]
        process.environment = ["http_proxy": "http://127.0.0.1:1", "ALL_PROXY": "http://127.0.0.1:1"]
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        try await eventually("sonde has ended") { !process.isRunning }
        #expect(process.terminationStatus == 0)
    }
}
