import Configuration
import Foundation
import HTTP
import ServiceTesting
import Testing

@testable import GatewayService

@Suite("Packages of the agent")
struct AgentPackageTests {
    private let directory: TemporaryDirectory

    init() throws {
        directory = try TemporaryDirectory()
        let files = [
            "install.sh", "sonde-agent_1.2.3_amd64.deb", "other_1_amd64.deb", "sonde-agent_1.2.3_amd64.deb.bak",
        ]
        for name in files + [".new"] {
            try Data(name.utf8).write(to: URL(filePath: directory.path).appending(path: name))
        }
    }

    private func answer(_ path: String, _ method: HTTPMethod = .get, in folder: String?) throws -> HTTPResponse {
        let request = HTTPRequest(method: method, path: path, authority: "a", fields: [:])
        return try AgentPackages(directory: folder).response(to: request)
    }

    @Test("are sent piece by piece, as what they are")
    func files() throws {
        let script = try answer("/install.sh", in: directory.path)
        #expect(script.status == 200)
        #expect(script.fields["content-type"] == "text/x-shellscript; charset=utf-8")
        let package = try answer("/packages/sonde-agent_1.2.3_amd64.deb", in: directory.path)
        #expect(package.status == 200)
        #expect(package.fields["content-type"] == "application/vnd.debian.binary-package")
        guard case .stream = package.body else { Issue.record("the whole package is in memory"); return }
    }

    @Test(
        "are nothing else of the folder",
        arguments: [
            "other_1_amd64.deb", "sonde-agent_1.2.3_amd64.deb.bak", ".new", "../install.sh", "install.sh", "", "/",
        ]
    )
    func others(name: String) throws {
        #expect(try answer("/packages/\(name)", in: directory.path).status == 404)
    }

    @Test("leave other paths to the page, and are read alone")
    func elsewhere() throws {
        #expect(!AgentPackages.covers("/main.js") && !AgentPackages.covers("/packages"))
        #expect(try answer("/install.sh", .post, in: directory.path).status == 405)
        #expect(try answer("/install.sh", .head, in: directory.path).status == 200)
    }

    @Test("are not there where no folder is named, and one that is not there is refused")
    func none() throws {
        #expect(try answer("/install.sh", in: nil).status == 404)
        let error = #expect(throws: ConfigurationError.self) {
            try GatewaySettings(from: Environment(["GATEWAY_PACKAGES": directory.path + "/none"]))
        }
        #expect(error?.message.hasPrefix("GATEWAY_PACKAGES must be a folder") == true)
    }
}
