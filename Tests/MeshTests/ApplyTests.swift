import Contracts
import Foundation
import TestServers
import Testing

@testable import CLIService

@Suite("The commands `sonde plan`, `apply` and `config export`", .timeLimit(.minutes(5)))
struct ApplyTests {
    /// Runs a command on a file that holds `text`.
    private static func run(
        _ command: String,
        _ text: String,
        _ options: String...,
        in installation: Installation
    ) async throws -> SondeCommand {
        let file = installation.folder.appending(path: "declared.yaml").path
        try text.write(toFile: file, atomically: true, encoding: .utf8)
        return try await installation.sonde([command, "-f", file] + options)
    }

    private static func export(_ options: String..., from installation: Installation) async throws -> String {
        let export = try await installation.sonde(["config", "export"] + options)
        try #require(export.code == 0, "\(export.complaint)")
        return export.text
    }

    @Test("do what files declare once, and nothing the second time")
    func twice() async throws {
        let installation = try await Installation()
        defer { installation.remove() }
        try await installation.login()
        let example = try DocumentPage("example.yaml").text
        let plan = try await Self.run("plan", example, in: installation)
        #expect((plan.code, plan.complaint) == (2, ""))
        #expect(plan.text.hasSuffix("\n5 to create\n"))
        for text in try [example] + DocumentPage("config.md").blocks("yaml") {
            let first = try await Self.run("apply", text, in: installation)
            #expect((first.code, first.complaint) == (0, ""), "\(text)")
            let second = try await Self.run("apply", text, in: installation)
            let lines = second.text.split(separator: "\n").filter { !$0.hasPrefix("#") }
            #expect((second.code, lines) == (0, ["nothing to do"]), "\(text)")
        }
        let back = try await Self.run("apply", example, "--prune", in: installation)
        #expect(back.code == 0, "\(back.complaint)")
        let after = try await Self.run("plan", example, "--prune", in: installation)
        #expect((after.code, after.text) == (0, "nothing to do\n"))
        let all = try await Self.run("plan", Self.export(from: installation), in: installation)
        #expect((all.code, all.text) == (0, "nothing to do\n"))
        #expect(try await installation.stop() == 0)
    }

    @Test("change and prune what belongs to a set, keep histories, and put an export back as it was")
    func changes() async throws {
        let installation = try await Installation()
        defer { installation.remove() }
        try await installation.login()
        let client = try await installation.signIn()
        let before = try await Self.export(from: installation)
        #expect(try await Self.run("apply", DocumentPage("example.yaml").text, in: installation).code == 0)
        let office = try await Self.export("--set", "office", from: installation)
        let checks = try await client.call(.listChecks, CheckFilter()).checks
        let less = """
            set: office
            targets:
              - {name: router, address: 192.0.2.2, checks: [{type: icmp, interval_ms: 5000, agents: {count: 1}}]}
            rules: []
            """
        let pruned = try await Self.run("apply", less, "--prune", in: installation)
        #expect(
            pruned.text == """
                ~ target router
                ~ check router / icmp
                - rule router does not answer
                - check router / trace
                - target shop
                5 done

                """
        )
        let targets = try await Command.allTargets(client)
        let router = try #require(targets.first { $0.name == "router" })
        #expect(router.address == "192.0.2.2" && router.labels == [Declarations.label: "office"])
        #expect(!targets.contains { $0.name == "shop" })
        let left = try await client.call(.listChecks, CheckFilter(targetID: router.id)).checks
        #expect(left.count == 1 && checks.contains { $0.id == left[0].id && $0.type == .icmp })
        #expect(left.first?.intervalMilliseconds == 5_000)

        let none = try await Self.run("apply", "set: office\ntargets: []\n", "--prune", in: installation)
        #expect(none.text == "- target router\n1 done\n")
        #expect(try await Self.run("apply", office, "--prune", in: installation).code == 0)
        #expect(try await Self.export("--set", "office", from: installation) == office)
        #expect(try await Self.run("apply", "set: office\ntargets: []\n", "--prune", in: installation).code == 0)
        // The receiver belongs to no set.
        let receiver = "  - name: log\n    kind: log\n"
        let end = try await Self.export(from: installation)
        #expect(end.contains(receiver) && end.replacing(receiver, with: "") == before)
        try await refusals(installation)
        #expect(try await installation.stop() == 0)
    }

    private func refusals(_ installation: Installation) async throws {
        let wrong = """
            targets:
              - {name: one, address: 192.0.2.1, checks: []}
              - {name: two, address: 192.0.2.1, checks: [{type: tcp, options: {query: example.org}}]}
              - {name: three, address: 192.0.2.1, checks: []}
            """
        let failed = try await Self.run("apply", wrong, in: installation)
        #expect((failed.code, failed.text) == (1, "+ target one\nnot done: + target three\n"))
        let reason = "checks[0].options.query is an option of dns checks, and this is one of tcp"
        #expect(failed.complaint == "sonde: + target two: \(reason)\n")
        let right = wrong.replacing("tcp, options: {query: example.org}", with: "tcp")
        #expect(try await Self.run("apply", right, in: installation).text.hasSuffix("2 done\n"))
        let none = try await Self.run("apply", "targets: [{name: a, adress: b}]\n", in: installation)
        #expect(none.code == 65)
        #expect(none.complaint.contains("declared.yaml, line 1, column 21: there is no targets[0].adress"))
    }

    @Test("follow the files of a ConfigMap, and wait for a gateway that is asked too much")
    func watch() async throws {
        let installation = try await Installation(["GATEWAY_PERSON_RATE": "20:40"])
        defer { installation.remove() }
        try await installation.login()
        let names = (0..<60).map { "target \($0)" }
        func text(_ names: [String]) -> String {
            "set: s\ntargets:\n" + names.map { "  - {name: \($0), address: 192.0.2.1, checks: []}\n" }.joined()
        }
        let folder = try ConfigMapFolder(["all.yaml": text(names)])
        defer { folder.remove() }
        let output = installation.folder.appending(path: "watch").path
        let watch = try Child(
            Installation.program("sonde").path,
            ["apply", "-f", folder.path, "--prune", "--watch"],
            environment: installation.environment,
            output: output
        )
        defer { watch.stop() }
        @Sendable func printed(_ line: String) throws -> Bool {
            let lines = try String(contentsOfFile: output, encoding: .utf8).split(separator: "\n")
            try #require(watch.isRunning, "\(lines)")
            return lines.contains { $0.contains(line) }
        }
        try await eventually("all are made") { try printed("60 done") }
        try folder.put(["all.yaml": text(names.dropLast(2) + ["another"])])
        try await eventually("the change is made") { try printed("3 done") }
        #expect(try printed("+ target another") && printed("- target target 59"))
        try folder.put(["all.yaml": text(names) + "  - {name: &a b}\n"])
        try await eventually("the file is refused") { try printed("line 63, column 12: anchors are not taken") }
        let plan = try await Self.run("plan", text(names.dropLast(2) + ["another"]), "--prune", in: installation)
        #expect(plan.text == "nothing to do\n")
        try folder.put(["all.yaml": "set: s\ntargets: []\n"])
        try await eventually("all are removed") { try printed("59 done") }
        watch.send(SIGTERM)
        #expect(try await watch.end() == 0)
        #expect(try await installation.stop() == 0)
    }
}
