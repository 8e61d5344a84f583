import EventLoop
import Testing

@testable import Egress

@Suite("EgressURL")
struct EgressURLTests {
    @Test(
        "reads a host the way it will be connected to",
        arguments: [
            ("http://example.org", "example.org", 80), ("https://Example.org:8443/x?y#z", "Example.org", 8443),
            ("https://example.org./", "example.org", 443), ("http://[2001:db8::1]:81/", "2001:db8::1", 81),
            ("http://2852039166/", "169.254.169.254", 80), ("http://0xa9fea9fe/", "169.254.169.254", 80),
            ("http://0251.0376.0251.0376/", "169.254.169.254", 80), ("http://169.254.43518/", "169.254.169.254", 80),
            ("http://127.1/", "127.0.0.1", 80), ("http://allowed.example#@evil.example/", "allowed.example", 80),
            ("https://münchen.example/", "xn--mnchen-3ya.example", 443),
        ]
    )
    func host(text: String, host: String, port: Int) throws {
        let url = try EgressURL(text)
        #expect(url.host == host)
        #expect(Int(url.port) == port)
    }

    @Test(
        "refuses what is no plain web address",
        arguments: [
            "", "example.org", "file:///etc/passwd", "gopher://example.org/", "ftp://example.org/", "dict://x:1/",
            "http://", "http://user@example.org/", "http://user:pass@example.org/",
            "http://example.org%00.evil.example/", "http://exa mple.org/", "http://example.org:0/",
            "http://example.org:99999/", "http://[fe80::1%25eth0]/", "http://[::1", "http://example.org\r\nX: y/",
        ]
    )
    func refused(text: String) {
        let error = #expect(throws: EgressError.self) { try EgressURL(text) }
        #expect(error?.code == .badRequest)
    }

    @Test("tells what a request asks for, and whom")
    func request() throws {
        let url = try EgressURL("https://a.example:8443/p/ü?q=ß#f")
        #expect(url.authority == "a.example:8443")
        #expect(url.path == "/p/%C3%BC?q=%C3%9F")
        #expect(try EgressURL("https://a.example:443?q").authority == "a.example")
        #expect(try EgressURL("https://a.example:443?q").path == "/?q")
        #expect(try EgressURL("http://[2001:db8::1]:443").authority == "[2001:db8::1]:443")
    }

    @Test(
        "leads where a redirect points",
        arguments: [
            ("/e", "https://a.example/e"), ("e", "https://a.example/b/e"), ("?e", "https://a.example/b/c?e"),
            ("../e", "https://a.example/e"), ("//e.example/", "https://e.example/"),
            ("/e f", "https://a.example/e%20f"),
            ("http://e.example/x", "http://e.example/x"),
        ]
    )
    func redirect(location: String, leads: String) throws {
        #expect(try EgressURL("https://a.example/b/c?d").resolving(location) == leads)
    }
}
