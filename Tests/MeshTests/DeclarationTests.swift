import Contracts
import Foundation
import JSONRPC
import Testing

@testable import CLIService

/// What some texts declare, each a file.
func declarations(_ texts: String...) throws -> Declarations {
    try Declarations(
        texts.enumerated().map { DeclarationFile(name: "\($0.offset).yaml", bytes: Array($0.element.utf8)) }
    )
}

@Suite("Declarations")
struct DeclarationTests {
    @Test("of several documents and files come together")
    func together() throws {
        let all = try declarations(
            """
            set: office
            targets:
              - {name: a, address: 192.0.2.1, checks: [{type: icmp, agents: {count: 2}, enabled: false}]}
            ---
            # Nothing.
            ---
            rules: [{name: r, target: a, metric: failure, comparison: ">=", threshold: 1}]
            """,
            "{\"set\":\"office\",\"targets\":[{\"name\":\"b\",\"address\":\"192.0.2.2\"}]}"
        )
        #expect(all.set == "office")
        #expect(all.targets?.map(\.name) == ["a", "b"])
        #expect(all.targets?[0].checks?[0].agents?.count == 2)
        #expect(all.targets?[0].checks?[0].enabled == false)
        #expect(all.rules?.map(\.target) == ["a"])
        #expect(try declarations("rules: []\n").targets == nil)
        #expect(try declarations("targets: []\n").targets == [])
    }

    @Test("take every field that the API takes")
    func fields() {
        func names(_ schema: JSONSchema, _ list: String) -> Set<String> {
            var schema = schema.properties.first { $0.name == list }?.schema ?? .any
            while true {
                switch schema {
                case .nullable(let inner), .array(let inner): schema = inner
                default: return Set(schema.properties.map(\.name))
                }
            }
        }
        let document = DeclaredDocument.schema
        let target = Set(NewTarget.schema.properties.map(\.name))
        #expect(names(document, "targets") == target.union(["id"]))
        #expect(names(DeclaredTarget.schema, "checks") == names(NewTarget.schema, "checks").union(["id", "enabled"]))
        let rule = Set(NewRule.schema.properties.map(\.name)).subtracting(["target_id"])
        #expect(names(document, "rules") == rule.union(["id", "target", "enabled"]))
        let silence = Set(NewSilence.schema.properties.map(\.name)).subtracting(["target_id", "rule_id"])
        #expect(names(document, "silences") == silence.union(["id", "target", "rule"]))
        let maintenance = Set(NewMaintenance.schema.properties.map(\.name)).subtracting(["target_ids"])
        #expect(names(document, "maintenance") == maintenance.union(["id", "targets"]))
        #expect(names(document, "receivers") == Set(NewReceiver.schema.properties.map(\.name)).union(["id"]))
    }

    private static let target = "targets:\n  - name: a\n    address: b\n"

    @Test(
        "that cannot be meant are refused with their place",
        arguments: [
            (
                "targetz: []\n",
                "line 1, column 1: there is no targetz; there is set, receivers, targets, rules, silences, maintenance"
            ),
            (
                "silences: [{reason: a, to: \"2026-12-01T00:00:00Z\"}]\n",
                "line 1, column 12: silences[0].from is missing"
            ),
            (
                "maintenance: [{reason: a, from: x, to: y, targets: b}]\n",
                "line 1, column 52: maintenance[0].targets must be a list"
            ),
            ("targets:\n  - name: a\n", "line 2, column 5: targets[0].address is missing"),
            ("- a\n", "line 1, column 1: a document must be a mapping"),
            ("targets: {}\n", "line 1, column 10: targets must be a list"),
            (target + "    enabled: yes\n", "line 4, column 14: targets[0].enabled must be true or false"),
            (target + "    name: c\n", "line 4, column 5: the key \"name\" stands here twice"),
            (
                target + "    labels: {rack: 12}\n",
                "line 4, column 20: targets[0].labels.rack must be a text; put what looks like something else in quotes"
            ),
            (
                target + "    checks: [{type: ping}]\n",
                "line 4, column 21: targets[0].checks[0].type must be "
                    + CheckType.allCases.map(\.rawValue).joined(separator: ", ")
            ),
            (
                target + "    checks: [{type: icmp, interval_ms: 2s}]\n",
                "line 4, column 40: targets[0].checks[0].interval_ms must be a whole number"
            ),
            (
                target + "    checks:\n      - type: icmp\n        agents:\n          lables: {}\n",
                "line 7, column 11: there is no targets[0].checks[0].agents.lables; there is labels, count"
            ),
            (
                target + "  - {name: a, address: c}\n",
                "line 4, column 5: targets: \"a\" is declared already, in 0.yaml, line 2, column 5"
            ),
            ("set: a\n---\nset: b\n", "line 3, column 6: the set is called a elsewhere"),
            ("set: \"\"\n", "line 1, column 6: set must have 1 to 256 characters"),
            ("a: *b\n", "line 1, column 4: aliases are not taken; write the value out"),
        ]
    )
    func refused(text: String, message: String) {
        let error = #expect(throws: CommandLineError.self) { try declarations(text) }
        #expect(error?.code == .badData)
        #expect(error?.description == "0.yaml, \(message)")
    }

    @Test("are read from folders in order, and only from files that are called so")
    func folder() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "sonde-\(UUID())").path
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try FileManager.default.createDirectory(atPath: "\(folder)/..data", withIntermediateDirectories: true)
        #expect(throws: CommandLineError.self) { try DeclarationFile.read([folder]) }
        for name in ["b.yml", "a.json", "c.yaml", "d.txt", ".e.yaml"] {
            try "# \(name)\n".write(toFile: "\(folder)/\(name)", atomically: true, encoding: .utf8)
        }
        let files = try DeclarationFile.read([folder])
        #expect(files.map(\.name) == ["a.json", "b.yml", "c.yaml"].map { "\(folder)/\($0)" })
        #expect(files[0].bytes == Array("# a.json\n".utf8))
        try Data(count: DeclarationFile.maximumBytes + 1).write(to: URL(filePath: "\(folder)/f.yaml"))
        let error = #expect(throws: CommandLineError.self) { try DeclarationFile.read([folder]) }
        #expect(error?.description == "\(folder)/f.yaml is larger than 8388608 bytes")
        #expect(throws: CommandLineError.self) { try DeclarationFile.read(["\(folder)/none.yaml"]) }
    }
}
