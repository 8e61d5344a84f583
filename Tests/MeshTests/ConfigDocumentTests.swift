import Contracts
import Foundation
import JSONRPC
import Testing

@testable import CLIService

/// A page of `docs/`, and the code that stands in it.
struct DocumentPage {
    let text: String

    init(_ name: String) throws {
        let docs = URL(filePath: #filePath).appending(path: "../../../docs").standardizedFileURL
        text = try String(contentsOf: docs.appending(path: name), encoding: .utf8)
    }

    /// The blocks that are marked as being in this language.
    func blocks(_ language: String) -> [String] {
        text.components(separatedBy: "```\(language)\n").dropFirst().compactMap {
            $0.components(separatedBy: "```\n").first
        }
    }

    /// What the cells at the left of its tables name.
    var fields: Set<String> {
        let cells = text.split(separator: "\n").filter { $0.hasPrefix("| `") }.compactMap {
            $0.split(separator: "|").first
        }
        return Set(cells.flatMap { $0.matches(of: /`([a-z_]+)`/).map { String($0.1) } })
    }
}

@Suite("The page about configuration as code")
struct ConfigDocumentTests {
    @Test("has examples that can all be planned")
    func examples() throws {
        let examples = try DocumentPage("config.md").blocks("yaml") + [DocumentPage("example.yaml").text]
        #expect(examples.count > 4)
        for example in examples {
            let prunes = example.contains("targets: []")
            let plan = try Planner.plan(
                declarations(example),
                Installed(),
                prunes: prunes,
                at: Timestamp(microseconds: 0)
            )
            #expect(plan.steps.isEmpty == prunes, "\(example)")
        }
    }

    @Test("explains every field that a file may have, and none that there is not")
    func fields() throws {
        var known: Set = ["set", "targets", "rules", "receivers", "silences", "maintenance"]
        let document = DeclaredDocument.schema
        known.formUnion(Self.names(in: document))
        let explained = try DocumentPage("config.md").fields
        #expect(known.subtracting(explained.union(["labels", "count"])).isEmpty)
        #expect(explained.subtracting(known).isEmpty)
    }

    /// The names of all properties, wherever they are.
    private static func names(in schema: JSONSchema) -> Set<String> {
        switch schema {
        case .nullable(let inner), .array(let inner): names(in: inner)
        case .object(_, let properties):
            properties.reduce(into: []) { names, property in
                names.insert(property.name)
                names.formUnion(Self.names(in: property.schema))
            }
        default: []
        }
    }
}
