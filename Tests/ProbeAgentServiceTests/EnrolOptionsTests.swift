import Configuration
import Contracts
import Egress
import Testing

@testable import ProbeAgentService

@Suite("The command line of enrol")
struct EnrolOptionsTests {
    private static func read(
        _ line: String,
        _ environment: [String: String] = [:]
    ) throws(EnrolError) -> EnrolOptions {
        try EnrolOptions(line.split(separator: " ").map(String.init), Environment(environment))
    }

    @Test(
        "is read in either form, whatever the URL ends with",
        arguments: [
            "--url https://sonde.example.org --token t --identity /d",
            "--identity=/d --token=t --url=https://sonde.example.org/",
        ]
    )
    func forms(line: String) throws {
        let options = try Self.read(line)
        #expect(options.url.text == "https://sonde.example.org/api/v1/enrolments/redeem")
        #expect(options.token == "t")
        #expect(options.directory == "/d")
        #expect(options.authorities == nil)
    }

    @Test("leaves the token to the environment, and a path to a proxy")
    func environment() throws {
        let line = "--url https://example.org/sonde/ --identity d --authorities ca.pem"
        let options = try Self.read(line, ["SONDE_ENROLMENT_TOKEN": "t"])
        #expect(options.token == "t")
        #expect(options.authorities == "ca.pem")
        #expect(options.url.text == "https://example.org/sonde/api/v1/enrolments/redeem")
    }

    @Test(
        "takes plain HTTP to this machine alone",
        arguments: [
            ("http://localhost:8080", true), ("http://127.0.0.1:8080", true), ("http://[::1]:8080", true),
            ("http://sonde.example.org", false), ("http://10.0.0.1", false), ("http://localhost.example.org", false),
            ("http://127.0.0.1.example.org", false), ("http://0.0.0.0", false), ("ftp://localhost", false),
            ("https://user:secret@example.org", false), ("sonde", false), ("https://", false),
        ]
    )
    func scheme(url: String, isGood: Bool) {
        let line = "--url \(url) --token t --identity d"
        #expect(((try? Self.read(line)) != nil) == isGood)
    }

    @Test(
        "is refused with one line when something is missing, twice there or unknown",
        arguments: [
            "", "--url https://x --token t", "--url https://x --identity d", "--token t --identity d", "--url",
            "--url https://x --url https://y --token t --identity d", "--url https://x --token t --identity d extra",
            "--url https://x --token t --identity d --force yes", "--url= --token t --identity d",
        ]
    )
    func refused(line: String) {
        let error = #expect(throws: EnrolError.self) { _ = try Self.read(line) }
        #expect(error?.code == .usage)
        #expect(error?.description.contains("\n") == false)
    }

    @Test("is answered with settings that shells and systemd read alike")
    func settings() throws {
        let options = try Self.read("--url https://x --token t --identity /etc/sonde/identity")
        let agent = EnrolledAgent(
            id: .make(),
            name: #"a "b" $c"#,
            certificate: "",
            authorities: "",
            trustDomain: "sonde",
            orchestratorEndpoint: "sonde.example.org:8443",
            storeEndpoint: "[2001:db8::1]:8444"
        )
        #expect(
            EnrolCommand(options: options).settings(of: agent) == #"""
                PROBE_AGENT_NAME="a \"b\" \$c"
                PROBE_AGENT_IDENTITY_DIR=/etc/sonde/identity
                ORCHESTRATOR_ENDPOINT=sonde.example.org:8443
                STORE_ENDPOINT=[2001:db8::1]:8444
                """#
        )
    }
}
