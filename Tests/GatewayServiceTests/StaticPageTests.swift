import Foundation
import HTTP
import ServiceTesting
import Testing

@testable import GatewayService

@Suite("Static pages")
struct StaticPageTests {
    private let directory: TemporaryDirectory
    private let pages: StaticPages

    init() throws {
        directory = try TemporaryDirectory()
        for (name, text) in ["index.html": "<p>", "main.js": "1", "notes.txt": "no", "main.d.ts": "no"] {
            try Data(text.utf8).write(to: URL(filePath: directory.path).appending(path: name))
        }
        pages = try StaticPages(dashboard: directory.path, vendor: directory.path + "/none")
    }

    private func answer(_ method: HTTPMethod, _ path: String, _ fields: HTTPFields = [:]) -> HTTPResponse? {
        pages.response(to: HTTPRequest(method: method, path: path, authority: "a", fields: fields))
    }

    @Test("carry the policy that keeps them from being misused")
    func policy() throws {
        let page = try #require(answer(.get, "/"))
        #expect(page.status == 200)
        #expect(page.fields["content-security-policy"]?.hasPrefix("default-src 'none'; script-src 'self'") == true)
        #expect(page.fields["x-content-type-options"] == "nosniff")
        #expect(page.fields["content-type"] == "text/html; charset=utf-8")
    }

    @Test("are not sent again to who has them")
    func notModified() throws {
        let tag = try #require(answer(.get, "/main.js")?.fields["etag"])
        #expect(answer(.get, "/main.js", ["if-none-match": tag])?.status == 304)
        #expect(answer(.get, "/main.js", ["if-none-match": "\"other\""])?.status == 200)
        #expect(answer(.get, "/main.js", ["if-none-match": "W/\(tag)"])?.status == 304)
        #expect(answer(.get, "/main.js", ["if-none-match": "\"other\", \(tag)"])?.status == 304)
    }

    @Test(
        "are the files of the page and no others",
        arguments: [
            "/notes.txt", "/main.d.ts", "/../main.js", "/./main.js", "//main.js", "/%2e%2e/main.js", "/main.js/",
            "/etc/passwd",
        ]
    )
    func others(path: String) {
        #expect(answer(.get, path)?.status == nil)
    }

    @Test("are read alone")
    func methods() {
        #expect(answer(.post, "/")?.status == 405)
        #expect(answer(.head, "/")?.status == 200)
    }
}
