import Contracts
import JSON
import Testing
import YAML

@testable import CLIService

@Suite("A plan")
struct PlannerTests {
    static let time = Timestamp(microseconds: 1_800_000_000_000_000)

    static func target(_ name: String, _ labels: [String: String] = [:], address: String = "192.0.2.1")
        -> Target
    {
        Target(id: .make(), name: name, address: address, labels: labels, createdAt: time, updatedAt: time)
    }

    private static func check(
        of target: Target,
        _ type: CheckType,
        every interval: Int = 2_500,
        _ options: CheckOptions = CheckOptions()
    ) -> Check {
        Check(
            id: .make(),
            targetID: target.id,
            type: type,
            intervalMilliseconds: interval,
            timeoutMilliseconds: 3_000,
            options: options,
            enabled: true,
            createdAt: time,
            updatedAt: time
        )
    }

    static func rule(_ name: String, of target: Target? = nil, threshold: Double = 1) -> Rule {
        Rule(
            id: .make(),
            name: name,
            targetID: target?.id,
            metric: .failure,
            comparison: .atLeast,
            threshold: threshold,
            consecutive: 3,
            severity: .warning,
            createdAt: time,
            updatedAt: time
        )
    }

    private static func port(_ number: Int) -> CheckOptions {
        var options = CheckOptions()
        options.port = number
        return options
    }

    private func lines(_ text: String, _ installed: Installed, prunes: Bool = false) throws -> [String] {
        PlanReport.lines(try Planner.plan(declarations(text), installed, prunes: prunes, at: Self.time))
    }

    @Test("is empty when there is nothing to do, whatever is left out")
    func empty() throws {
        var installed = Installed()
        let target = Self.target("a", ["x": "y"])
        installed.targets = [target, Self.target("by hand")]
        installed.checks = [target.id: [Self.check(of: target, .icmp)]]
        installed.rules = [Self.rule("r", of: target)]
        installed.receivers = [
            Receiver(id: .make(), name: "hook", kind: .webhook, url: "https://example.org/", createdAt: Self.time)
        ]
        let text = """
            targets: [{name: a, address: 192.0.2.1, labels: {x: y}, checks: [{type: icmp, agents: {}}]}]
            rules: [{name: r, target: a, metric: failure, comparison: ">=", threshold: 1.0}]
            receivers: [{name: hook, kind: webhook, url: "https://example.org"}]
            """
        #expect(try lines(text, installed) == ["nothing to do"])
        #expect(try lines("targets: [{name: a, address: 192.0.2.1, labels: {x: y}}]", installed) == ["nothing to do"])
    }

    @Test("does nothing to a terminal, whatever names there are")
    func controls() throws {
        let text = "targets: [{name: \"\\e[31ma\", address: \"\\ab\"}]"
        #expect(try lines(text, Installed())[..<2] == ["+ target \\u{1B}[31ma", "    address: \"\\u0007b\""])
    }

    @Test("makes receivers first, then targets, then the rules that name them")
    func order() throws {
        let plan = try Planner.plan(
            declarations(
                """
                rules: [{name: r, target: a, metric: failure, comparison: ">=", threshold: 1}]
                targets: [{name: a, address: 192.0.2.1, checks: [{type: icmp}, {type: tcp, enabled: false}]}]
                receivers: [{name: l, kind: log}]
                """
            ),
            Installed(),
            prunes: false,
            at: Self.time
        )
        #expect(plan.steps.map(\.title) == ["+ receiver l", "+ target a", "+ rule r"])
        guard case .createTarget(let new) = plan.steps[1].call else { throw UnexpectedStep() }
        #expect(new.checks?.map(\.type) == [.icmp, .tcp])
        #expect(new.checks?.map(\.enabled) == [nil, false])
        guard case .createRule(_, "a", true) = plan.steps[2].call else { throw UnexpectedStep() }
    }

    @Test("changes what differs, for the version that was read, and puts what is left out back to its default")
    func change() throws {
        var installed = Installed()
        var target = Self.target("a", ["x": "y", "z": "1"])
        target.description = "old"
        target.maximumRate = 5
        installed.targets = [target]
        let text = "targets: [{name: a, address: 192.0.2.2, labels: {x: z}, enabled: false}]"
        let plan = try Planner.plan(declarations(text), installed, prunes: false, at: Self.time)
        #expect(
            PlanReport.lines(plan) == [
                "~ target a", "    address: 192.0.2.1 -> 192.0.2.2", "    description: old -> \"\"",
                "    enabled: true -> false", "    labels.x: y -> z", "    labels.z: 1 -> none",
                "    max_probes_per_second: 5 -> none", "1 to change",
            ]
        )
        guard case .changeTarget(let change) = plan.steps.first?.call else { throw UnexpectedStep() }
        #expect(change.ifUpdatedAt == Self.time)
        #expect(change.maximumRate == 0)
        #expect(change.name == nil && change.category == nil)
    }

    @Test("changes a check that is edited, and keeps the others")
    func checks() throws {
        var installed = Installed()
        let target = Self.target("a")
        installed.targets = [target]
        let checks = [
            Self.check(of: target, .tcp, Self.port(80)), Self.check(of: target, .icmp),
            Self.check(of: target, .tcp, Self.port(443)), Self.check(of: target, .dns),
        ]
        installed.checks = [target.id: checks]
        let text = """
            targets:
              - name: a
                address: 192.0.2.1
                checks:
                  - {type: tcp, options: {port: 443}, interval_ms: 1000}
                  - {type: icmp, agents: {labels: {zone: n}}}
                  - {type: tcp, options: {port: 8080}}
                  - {type: mtu}
            """
        let plan = try Planner.plan(declarations(text), installed, prunes: false, at: Self.time)
        #expect(
            PlanReport.lines(plan) == [
                "~ check a / tcp", "    interval_ms: 2500 -> 1000", "~ check a / icmp",
                "    agents.labels.zone: none -> n",
                "~ check a / tcp", "    options.port: 80 -> 8080", "+ check a / mtu", "    type: mtu",
                "# check a / dns (\(checks[3].id)) is not declared, and stays without --prune",
                "1 to create, 3 to change",
            ]
        )
        let ids = plan.steps.compactMap { if case .changeCheck(let change) = $0.call { change.id } else { nil } }
        #expect(ids == [checks[2].id, checks[1].id, checks[0].id])
        let pruned = try Planner.plan(declarations("set: s\n" + text), installed, prunes: true, at: Self.time)
        #expect(pruned.steps.last?.title == "- check a / dns")
    }

    @Test("prunes what belongs to the set and is not declared, last, and nothing else")
    func prune() throws {
        var installed = Installed()
        let label = Declarations.label
        installed.targets = [
            Self.target("kept", [label: "s"]), Self.target("old", [label: "s"]), Self.target("other", [label: "t"]),
            Self.target("by hand"),
        ]
        let text = "set: s\ntargets: [{name: kept, address: 192.0.2.1}, {name: new, address: 192.0.2.9}]"
        #expect(try lines(text, installed).last == "1 to create")
        let plan = try Planner.plan(declarations(text), installed, prunes: true, at: Self.time)
        #expect(plan.steps.map(\.title) == ["+ target new", "- target old"])
        guard case .removeTarget(let removal) = plan.steps.last?.call else { throw UnexpectedStep() }
        #expect(removal == TargetRemoval(id: installed.targets[1].id, ifUpdatedAt: Self.time))
        #expect(try lines("set: s\ntargets: []", installed, prunes: true).last == "2 to remove")
    }

    @Test("prunes rules about targets of the set where rules are declared at all, and no others")
    func pruneRules() throws {
        var installed = Installed()
        installed.targets = [
            Self.target("ours", [Declarations.label: "s"]), Self.target("theirs"),
            Self.target("leaving", [Declarations.label: "s"]),
        ]
        installed.rules = [
            Self.rule("kept", of: installed.targets[0]), Self.rule("old", of: installed.targets[0]),
            Self.rule("by hand", of: installed.targets[1]), Self.rule("for all"),
            Self.rule("of what leaves", of: installed.targets[2]),
        ]
        let targets = "set: s\ntargets: [{name: ours, address: 192.0.2.1}]\n"
        let kept = "rules: [{name: kept, target: ours, metric: failure, comparison: \">=\", threshold: 1}]"
        #expect(
            try lines(targets + kept, installed, prunes: true) == ["- rule old", "- target leaving", "2 to remove"]
        )
        #expect(try lines(targets + kept, installed) == ["nothing to do"])
        #expect(try lines(targets, installed, prunes: true) == ["- target leaving", "1 to remove"])
        #expect(
            try lines(targets + "rules: []", installed, prunes: true)
                == ["- rule kept", "- rule old", "- target leaving", "3 to remove"]
        )
    }

    @Test(
        "is refused when it cannot be known what is meant",
        arguments: [
            ("targets: []", true, "to prune, the files must name their set, or --set must"),
            ("set: s", true, "to prune, the files must have a list of targets, if only an empty one"),
            (
                "targets: [{name: two, address: 192.0.2.9}]", false,
                "target \"two\": there are 2 of this name; give the id of one"
            ),
            (
                "set: s\ntargets: [{name: theirs, address: 192.0.2.1}]", false,
                "target \"theirs\" belongs to the set t; take it out there, and its label off, first"
            ),
            (
                "rules: [{name: r, target: none, metric: failure, comparison: \">=\", threshold: 1}]", false,
                "rule \"r\": there is no target \"none\""
            ),
            (
                "rules: [{name: r, target: two, metric: failure, comparison: \">=\", threshold: 1}]", false,
                "rule \"r\": 2 targets are called \"two\"; give the id of one"
            ),
            (
                "set: t\ntargets: []\nrules: [{name: r, target: theirs, metric: loss, comparison: \">\", threshold: 1}]",
                true, "rule \"r\": there is no target \"theirs\""
            ),
            (
                "targets: [{id: 00000000-0000-7000-8000-000000000000, name: a, address: b}]", false,
                "target \"a\": there is none with the id 00000000-0000-7000-8000-000000000000"
            ),
        ]
    )
    func refused(text: String, prunes: Bool, message: String) {
        var installed = Installed()
        installed.targets = [
            Self.target("two"), Self.target("two", address: "192.0.2.2"),
            Self.target("theirs", [Declarations.label: "t"]),
        ]
        let error = #expect(throws: CommandLineError.self) { try lines(text, installed, prunes: prunes) }
        #expect(error?.description == message)
    }

    @Test("finds one of several of a name by what else is declared, and renames by id")
    func identity() throws {
        var installed = Installed()
        installed.targets = [Self.target("two"), Self.target("two", address: "192.0.2.2")]
        #expect(try lines("targets: [{name: two, address: 192.0.2.2}]", installed) == ["nothing to do"])
        let id = installed.targets[0].id
        let text = "targets: [{id: \(id), name: one, address: 192.0.2.1}, {name: two, address: 192.0.2.2}]"
        #expect(try lines(text, installed) == ["~ target one", "    name: two -> one", "1 to change"])
    }

    @Test("is empty for what was exported, whatever names there are twice")
    func export() throws {
        var installed = Installed()
        var odd = Self.target("yes: #1", ["a/b": "true"])
        odd.description = "two\tparts"
        odd.enabled = false
        installed.targets = [
            Self.target("two", ["zone": "12"]), Self.target("two", [Declarations.label: "s"], address: "192.0.2.2"),
            odd,
        ]
        var check = Self.check(of: odd, .http, every: 1_000)
        check.options.headers = ["x-a": "null"]
        check.options.expectedStatus = [200, 204]
        check.agents = AgentSelector(labels: ["zone": "a b"], count: 2)
        check.enabled = false
        installed.checks = [
            odd.id: [check, Self.check(of: odd, .icmp, every: 500), Self.check(of: odd, .icmp, every: 900)]
        ]
        installed.rules = [
            Self.rule("r", of: installed.targets[1]), Self.rule("r", threshold: 0.25), Self.rule("s", of: odd),
            Self.rule("of a target that is gone", of: Self.target("gone")),
        ]
        installed.receivers = ["https://example.org/a", nil].map { url in
            Receiver(id: .make(), name: "n", kind: url == nil ? .log : .webhook, url: url, createdAt: Self.time)
        }
        installed.silences = [
            Silence.test("known", of: odd), Silence.test("known", by: installed.rules[0]),
            Silence.test("twice", of: installed.targets[1]), Silence.test("rule", by: installed.rules[2]),
            Silence.test("long ago", of: odd, until: -1),
        ]
        installed.maintenance = [
            Maintenance.test("work", [installed.targets[1], odd]), Maintenance.test("labels", [], ["zone": "12"]),
            Maintenance.test("over", [odd], until: -1),
        ]
        let all = YAMLWriter.text(try ConfigExport(installed, set: nil, at: Self.time).document())
        #expect(try lines(all, installed) == ["nothing to do"], "\(all)")
        let some = YAMLWriter.text(try ConfigExport(installed, set: "s", at: Self.time).document())
        #expect(try lines(some, installed, prunes: true) == ["nothing to do"], "\(some)")
    }

    @Test("changes a rule where that can be, and makes a new one where not; shows no more of a URL than its host")
    func rules() throws {
        var installed = Installed()
        let target = Self.target("a")
        installed.targets = [target]
        installed.rules = [Self.rule("r", of: target), Self.rule("s")]
        let hook = "https://hooks.example.org/token"
        installed.receivers = [Receiver(id: .make(), name: "h", kind: .webhook, url: hook, createdAt: Self.time)]
        let text = """
            receivers: [{name: h, kind: webhook, url: "https://hooks.example.net:8443/secret"}]
            rules:
              - {name: r, target: a, metric: failure, comparison: ">=", threshold: 0.5, enabled: false}
              - {name: s, target: a, metric: failure, comparison: ">=", threshold: 1}
            """
        #expect(
            try lines(text, installed) == [
                "± receiver h", "    url: https://hooks.example.org/… -> https://hooks.example.net:8443/…", "~ rule r",
                "    enabled: true -> false", "    threshold: 1 -> 0.5", "± rule s", "    target: none -> a",
                "1 to change, 2 to replace",
            ]
        )
    }
}

/// A step of another kind than the test is about.
struct UnexpectedStep: Error {}
