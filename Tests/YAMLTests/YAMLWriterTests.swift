import JSON
import Testing

@testable import YAML

@Suite("Written YAML")
struct YAMLWriterTests {
    private func node(_ value: JSONValue) -> YAMLNode {
        switch value {
        case .array(let elements): YAMLNode(.sequence(elements.map(node)))
        case .object(let members):
            YAMLNode(.mapping(members.sorted { $0.key < $1.key }.map { .init($0.key, node($0.value)) }))
        default: YAMLNode(.scalar(value))
        }
    }

    @Test("is in block style")
    func style() {
        let value: JSONValue = [
            "name": "router 1", "labels": ["site": "vienna"], "none": [], "empty": [:],
            "checks": [["type": "icmp", "ports": [1, 2]], ["type": "tcp"]], "nested": [[1], ["a": nil]],
        ]
        #expect(
            YAMLWriter.text(node(value)) == """
                checks:
                  - ports:
                      - 1
                      - 2
                    type: icmp
                  - type: tcp
                empty: {}
                labels:
                  site: vienna
                name: router 1
                nested:
                  - - 1
                  - a: null
                none: []

                """
        )
    }

    @Test(
        "is read as what was written",
        arguments: [
            "", " ", "a", "a ", " a", "yes", "No", "null", "~", "true", "1", "1.5", ".5", "0x1f", "- a", "a: b", "a #b",
            "#", "[a]", "{", "&a", "*a", "!a", "%a", "@", "`", "|", ">", ">=", "?", "a\nb", "a\tb", "'", "\"", "\\",
            "ä", "😀", "\u{85}", "\u{2028}", "\u{feff}", "\u{7f}", "\0", "a:", "https://example.org/?a=b#c", "...",
            "---",
            "2026-10-13", "192.0.2.1", "fe80::1", "=", "<<", "12:30:45", "e1", "a/b_c-d.e",
        ]
    )
    func roundTrip(text: String) throws {
        let values: [JSONValue] = [
            .string(text), ["key": .string(text)], .array([.string(text)]), .object([text: [["x": .string(text)]]]),
        ]
        for value in values {
            let written = YAMLWriter.text(node(value))
            #expect(try yaml(written) == value, "\(written)")
        }
    }

    @Test("keeps numbers", arguments: [0, -1, 1.5, 1e300, 1e-300, 0.1, 9_007_199_254_740_993] as [JSONValue])
    func numbers(value: JSONValue) throws {
        #expect(try yaml(YAMLWriter.text(node(["a": value]))) == ["a": value])
    }
}
