import Contracts
import JSON
import JSONRPC
import ServiceTesting
import Testing

@testable import AlertingService

@Suite("Rules", .everyEngine)
struct RuleTests {
    let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    @Test("begin with one for every target; deleted it stays away")
    func defaults() async throws {
        try await AlertingCase.run(in: directory) { test in
            let rules = try await test.client.call(.listRules, Empty()).rules
            let rule = try #require(rules.first)
            #expect(rules.count == 1)
            #expect(rule.name == "Target is failing")
            #expect((rule.metric, rule.comparison) == (.failure, .atLeast))
            #expect((rule.threshold, rule.consecutive) == (1, 3))
            #expect((rule.severity, rule.enabled) == (.critical, true))
            #expect((rule.targetID, rule.checkType) == (nil, nil))
            _ = try await test.client.call(.deleteRule, RuleReference(id: rule.id))
        }
        try await AlertingCase.run(in: directory) { test in
            let rules = try await test.client.call(.listRules, Empty()).rules
            #expect(rules.isEmpty)
        }
    }

    @Test("are created with defaults, changed and removed")
    func lifecycle() async throws {
        let time = ManualTime()
        try await AlertingCase.run(in: directory, now: { time.now }) { test in
            let target = TargetID.make()
            let new = NewRule(
                name: "slow",
                targetID: target,
                checkType: .http,
                metric: .latency,
                comparison: .over,
                threshold: 250.5
            )
            let created = try await test.client.call(.createRule, new)
            #expect((created.consecutive, created.severity, created.enabled) == (3, .warning, true))
            #expect((created.targetID, created.checkType) == (target, .http))
            #expect(try await test.client.call(.listRules, Empty()).rules.last == created)

            time.advance(by: .seconds(5))
            var change = RuleChange(id: created.id, threshold: 100, consecutive: 5, enabled: false)
            change.severity = .info
            let changed = try await test.client.call(.updateRule, change)
            #expect((changed.threshold, changed.consecutive) == (100, 5))
            #expect((changed.severity, changed.enabled, changed.name) == (.info, false, "slow"))
            #expect(created.updatedAt.duration(to: changed.updatedAt) == .seconds(5))

            let reference = RuleReference(id: created.id)
            _ = try await test.client.call(.deleteRule, reference)
            let gone = try await failure { try await test.client.call(.deleteRule, reference) }
            #expect(gone.code == .notFound)
            let unknown = try await failure { try await test.client.call(.updateRule, change) }
            #expect(unknown.code == .notFound)
        }
    }

    struct Mistake: Sendable, CustomTestStringConvertible {
        var field: String
        var rule: NewRule
        var testDescription: String { "\(field): \(rule)" }

        init(
            _ field: String,
            name: String = "rule",
            _ metric: Rule.Metric = .latency,
            _ comparison: Rule.Comparison = .over,
            _ threshold: Double = 1,
            consecutive: Int? = nil
        ) {
            self.field = field
            rule = NewRule(
                name: name,
                metric: metric,
                comparison: comparison,
                threshold: threshold,
                consecutive: consecutive
            )
        }
    }

    static let mistakes: [Mistake] = [
        Mistake("name", name: ""), Mistake("name", name: "  "), Mistake("name", name: "a\u{0}b"),
        Mistake("name", name: "a\nb"), Mistake("name", name: String(repeating: "x", count: 201)),
        Mistake("consecutive", consecutive: 0), Mistake("consecutive", consecutive: -1),
        Mistake("consecutive", consecutive: 1_001),
        Mistake("threshold", .latency, .over, 0), Mistake("threshold", .latency, .under, -5),
        Mistake("threshold", .latency, .atLeast, 3_600_001), Mistake("threshold", .latency, .over, 1e300),
        Mistake("threshold", .failure, .over, 1), Mistake("threshold", .failure, .atLeast, 0),
        Mistake("threshold", .failure, .under, 0), Mistake("threshold", .failure, .atMost, 1),
        Mistake("threshold", .failure, .over, -1), Mistake("threshold", .failure, .atLeast, 1e300),
    ]

    @Test("with a mistake are refused, and the field is named")
    func validation() async throws {
        try await AlertingCase.run(in: directory) { test in
            for mistake in Self.mistakes {
                let error = try await failure { try await test.client.call(.createRule, mistake.rule) }
                #expect(error.code == .invalidParams, "\(mistake.testDescription)")
                #expect(error.data == ["field": .string(mistake.field)], "\(mistake.testDescription)")
            }
            let rule = try #require(try await test.client.call(.listRules, Empty()).rules.first)
            let change = RuleChange(id: rule.id, threshold: 2)
            #expect(try await failure { try await test.client.call(.updateRule, change) }.code == .invalidParams)
            #expect(try await test.client.call(.listRules, Empty()).rules == [rule])
        }
    }

    @Test("are limited in number")
    func limit() async throws {
        try await AlertingCase.run(in: directory, MeasurementLog(), ["ALERTING_MAX_RULES": "2"]) { test in
            let new = NewRule(name: "slow", metric: .latency, comparison: .over, threshold: 1)
            _ = try await test.client.call(.createRule, new)
            #expect(try await failure { try await test.client.call(.createRule, new) }.code == .conflict)
        }
    }
}
