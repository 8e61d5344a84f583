import Contracts
import Testing

@testable import CLIService

@Suite("A plan of silences and maintenance")
struct PlannerTimesTests {
    private func lines(_ text: String, _ installed: Installed, prunes: Bool = false) throws -> [String] {
        PlanReport.lines(try Planner.plan(declarations(text), installed, prunes: prunes, at: PlannerTests.time))
    }

    @Test(
        "silences what is there and what is yet to be made, moves a silence, and makes one anew that is about something else"
    )
    func silences() throws {
        var installed = Installed()
        let (target, other) = (PlannerTests.target("a"), PlannerTests.target("b"))
        installed.targets = [target, other]
        installed.rules = [PlannerTests.rule("r", of: target)]
        installed.silences = [
            Silence.test("moved", of: target), Silence.test("same", of: target, by: installed.rules[0]),
            Silence.test("elsewhere", of: target),
        ]
        let times = "from: \"\(PlannerTests.time.advanced(by: .seconds(-7_200)))\""
        let (end, later) = (
            PlannerTests.time.advanced(by: .seconds(3_600)), PlannerTests.time.advanced(by: .seconds(7_200))
        )
        let text = """
            targets: [{name: c, address: 192.0.2.3}]
            rules:
              - {name: r, target: a, metric: failure, comparison: ">=", threshold: 1}
              - {name: new, target: c, metric: failure, comparison: ">=", threshold: 1}
            silences:
              - {reason: moved, \(times), to: "\(later)", target: a}
              - {reason: same, \(times), to: "\(end)", target: a, rule: r}
              - {reason: elsewhere, \(times), to: "\(end)", target: b}
              - {reason: yet to come, \(times), to: "\(end)", target: c, rule: new, severity: warning}
              - {reason: too late, \(times), to: "\(PlannerTests.time)", target: a}
            """
        #expect(
            try lines(text, installed).filter { $0.contains("silence") || $0.contains("to: ") || $0.hasSuffix("-> b") }
                == [
                    "~ silence moved", "    to: \(end) -> \(later)", "± silence elsewhere", "    target: a -> b",
                    "+ silence yet to come", "    to: \(end)", "# silence too late is over, and is not made",
                ]
        )
    }

    @Test("makes a silence again that goes with a rule which is made anew, and says what else goes with it")
    func silencesOfRules() throws {
        var installed = Installed()
        installed.rules = [PlannerTests.rule("r")]
        let rule = installed.rules[0]
        installed.silences = [Silence.test("declared", by: rule), Silence.test("by hand", by: rule)]
        let text = """
            rules: [{name: r, metric: failure, comparison: ">", threshold: 0.5}]
            silences:
              - reason: declared
                from: "\(installed.silences[0].from)"
                to: "\(installed.silences[0].to)"
                rule: r
            """
        let plan = try Planner.plan(declarations(text), installed, prunes: false, at: PlannerTests.time)
        #expect(plan.steps.map(\.title) == ["± rule r", "± silence declared"])
        guard case .createSilence(let new, nil, "r") = plan.steps[1].call else { throw UnexpectedStep() }
        #expect(new.ruleID == nil)
        #expect(plan.notes == ["silence by hand (\(installed.silences[1].id)) goes with its rule"])
    }

    @Test("removes the silences of the set's targets that are not declared, with pruning alone")
    func pruneSilences() throws {
        var installed = Installed()
        let target = PlannerTests.target("a", [Declarations.label: "s"])
        installed.targets = [target]
        installed.silences = [Silence.test("old", of: target), Silence.test("of all", by: nil)]
        let text = "set: s\ntargets: [{name: a, address: 192.0.2.1}]\n"
        #expect(try lines(text + "silences: []\n", installed) == ["nothing to do"])
        #expect(try lines(text, installed, prunes: true) == ["nothing to do"])
        #expect(try lines(text + "silences: []\n", installed, prunes: true) == ["- silence old", "1 to remove"])
    }

    @Test("makes and changes maintenance, of targets that are yet to be made too")
    func maintenance() throws {
        var installed = Installed()
        let target = PlannerTests.target("a")
        installed.targets = [target]
        installed.maintenance = [Maintenance.test("work", [target], ["site": "x"])]
        let (from, to) = (installed.maintenance[0].from, installed.maintenance[0].to)
        let text = """
            targets: [{name: b, address: 192.0.2.3}]
            maintenance:
              - {reason: work, from: "\(from)", to: "\(to)", targets: [b, a], labels: {site: "y"}}
              - {reason: more, from: "\(from)", to: "\(to)", labels: {site: "z"}}
            """
        let plan = try Planner.plan(declarations(text), installed, prunes: false, at: PlannerTests.time)
        #expect(plan.steps.map(\.title) == ["+ target b", "~ maintenance work", "+ maintenance more"])
        #expect(plan.steps[1].changes.map(\.field) == ["labels.site", "targets"])
        guard case .changeMaintenance(let change, ["b"]) = plan.steps[1].call else { throw UnexpectedStep() }
        #expect(change.targetIDs == [target.id])
        #expect(change.labels == ["site": "y"])
        #expect(change.from == nil && change.to == nil && change.reason == nil)
    }
}

extension Silence {
    static func test(
        _ reason: String,
        of target: Target? = nil,
        by rule: Rule? = nil,
        until hours: Int = 1
    ) -> Silence {
        Silence(
            id: .make(),
            reason: reason,
            from: PlannerTests.time.advanced(by: .seconds(-7_200)),
            to: PlannerTests.time.advanced(by: .seconds(hours * 3_600)),
            ruleID: rule?.id,
            targetID: target?.id,
            createdBy: "editor@example.org",
            createdAt: PlannerTests.time,
            updatedAt: PlannerTests.time
        )
    }
}

extension Maintenance {
    static func test(
        _ reason: String,
        _ targets: [Target],
        _ labels: [String: String] = [:],
        until hours: Int = 1
    ) -> Maintenance {
        Maintenance(
            id: .make(),
            reason: reason,
            from: PlannerTests.time.advanced(by: .seconds(-7_200)),
            to: PlannerTests.time.advanced(by: .seconds(hours * 3_600)),
            targetIDs: targets.map(\.id),
            labels: labels,
            createdBy: "editor@example.org",
            createdAt: PlannerTests.time,
            updatedAt: PlannerTests.time
        )
    }
}
