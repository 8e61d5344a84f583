import Configuration
import Foundation
import ServiceTesting
import Testing

@testable import StoreService

@Suite("Settings of telemetry")
struct TelemetrySettingsTests {
    private func settings(_ values: [String: String]) throws(ConfigurationError) -> TelemetrySettings {
        try StoreSettings(from: Environment(values)).telemetry
    }

    @Test("ask for nothing when there are none")
    func off() throws {
        #expect(try !settings([:]).isOn)
        #expect(try settings(["STORE_METRICS_MEASUREMENTS": "true"]).isOn)
    }

    @Test("have a destination's address, interval and secret")
    func destinations() throws {
        let directory = try TemporaryDirectory()
        let path = "\(directory.path)/password"
        try "pass:word\n".write(toFile: path, atomically: true, encoding: .utf8)
        let export = try settings([
            "STORE_REMOTE_WRITE_URL": "https://metrics.example/api/v1/write", "STORE_REMOTE_WRITE_INTERVAL": "5s",
            "STORE_REMOTE_WRITE_USER": "sonde", "STORE_REMOTE_WRITE_PASSWORD_FILE": path,
            "STORE_OTLP_URL": "http://127.0.0.1:4318/", "STORE_OTLP_TOKEN": "t0ken",
            "STORE_METRICS_INSTANCE": "store-0",
        ])
        #expect(export.remoteWrite?.interval == .seconds(5))
        // As `printf sonde:pass:word | base64` has it.
        #expect(export.remoteWrite?.authorization?.exposed == "Basic c29uZGU6cGFzczp3b3Jk")
        #expect(export.otlp?.url == "http://127.0.0.1:4318/v1/metrics")
        #expect(export.otlp?.interval == .seconds(60))
        #expect(export.otlp?.authorization?.exposed == "Bearer t0ken")
        #expect(export.instance == "store-0")
    }

    @Test(
        "are named when they are wrong",
        arguments: [
            ["STORE_REMOTE_WRITE_URL": "ftp://x/"], ["STORE_REMOTE_WRITE_URL": "http://user:pass@x/"],
            ["STORE_REMOTE_WRITE_URL": "http://x/", "STORE_REMOTE_WRITE_INTERVAL": "4s"],
            ["STORE_REMOTE_WRITE_URL": "http://x/", "STORE_REMOTE_WRITE_USER": "u"],
            ["STORE_REMOTE_WRITE_URL": "http://x/", "STORE_REMOTE_WRITE_TOKEN": "a\nb"],
            ["STORE_REMOTE_WRITE_URL": "http://x/", "STORE_REMOTE_WRITE_TOKEN_FILE": "/nowhere/token"],
            [
                "STORE_OTLP_URL": "http://x/", "STORE_OTLP_TOKEN": "t", "STORE_OTLP_USER": "u",
                "STORE_OTLP_PASSWORD": "p",
            ],
            ["STORE_METRICS_SERIES": "100"],
        ]
    )
    func wrong(values: [String: String]) {
        let error = #expect(throws: ConfigurationError.self) { try settings(values) }
        #expect(values.keys.contains { error?.message.contains($0.prefix(10)) == true })
    }
}
