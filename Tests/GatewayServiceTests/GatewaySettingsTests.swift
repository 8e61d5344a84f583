import Configuration
import Database
import Testing

@testable import GatewayService

@Suite("Gateway settings")
struct GatewaySettingsTests {
    @Test("let nobody in without an invitation unless told otherwise")
    func defaults() throws {
        let settings = try GatewaySettings(from: Environment())
        #expect(settings.signUp == .invitation)
        #expect(settings.passwordList == nil)
        #expect(settings.keyInterval == .seconds(86_400))
        #expect(settings.database.description == "/var/lib/sonde/gateway.db")
        #expect(settings.adminPasswordFile == "/var/lib/sonde/admin-password")
    }

    @Test("take a database of either engine, and say nothing of its password")
    func databases() throws {
        let file = try GatewaySettings(from: Environment(["GATEWAY_DATABASE": "sqlite:/data/g.db"]))
        #expect(file.database.description == "/data/g.db")
        #expect(file.adminPasswordFile == "/data/admin-password")
        let server = try GatewaySettings(from: Environment(["GATEWAY_DATABASE": "postgres://a:secret@db/sonde"]))
        #expect(!server.database.description.contains("secret"))
        #expect(server.postgres.schema == "gateway")
    }

    @Test(
        "refuse what makes no sense",
        arguments: [
            ("GATEWAY_SIGNUP", "everyone"), ("GATEWAY_KEY_INTERVAL", "1m"), ("GATEWAY_KEY_INTERVAL", "31d"),
            ("GATEWAY_DATABASE", "postgres:"), ("GATEWAY_DATABASE", "mysql://db"),
        ]
    )
    func refusals(key: String, value: String) {
        #expect(throws: ConfigurationError.self) { try GatewaySettings(from: Environment([key: value])) }
    }
}
