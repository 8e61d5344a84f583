import Contracts
import JSON
import JSONRPC
import ServiceTesting
import Testing

@Suite("Targets", .everyEngine)
struct TargetTests {
    let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    @Test("are created with defaults and one check, read, changed and removed")
    func lifecycle() async throws {
        let time = ManualTime()
        try await withOrchestrator(in: directory, time: time) { client in
            let created = try await client.call(.createTarget, NewTarget(address: "example.org"))
            #expect(created.name == "example.org")
            #expect(created.enabled)
            let checks = try await client.call(.listChecks, CheckFilter(targetID: created.id)).checks
            #expect(checks.map(\.type) == [.icmp])
            #expect(checks.first?.intervalMilliseconds == 2_500)

            time.advance(by: .seconds(5))
            var change = TargetChange(id: created.id, name: "Example")
            change.labels = ["team": "web"]
            let changed = try await client.call(.updateTarget, change)
            #expect(changed.name == "Example")
            #expect(changed.address == "example.org")
            #expect(created.updatedAt.duration(to: changed.updatedAt) == .seconds(5))
            #expect(try await client.call(.getTarget, TargetReference(id: created.id)) == changed)

            // Read before the change, and so not what is there any more.
            change.ifUpdatedAt = created.updatedAt
            let late = TargetRemoval(id: created.id, ifUpdatedAt: created.updatedAt)
            for error in [
                try await failure { [change] in try await client.call(.updateTarget, change) },
                try await failure { try await client.call(.deleteTarget, late) },
            ] {
                #expect(error.code == .conflict)
                #expect(error.data?["field"] == "if_updated_at")
            }
            #expect(try await client.call(.getTarget, TargetReference(id: created.id)) == changed)

            let removal = TargetRemoval(id: created.id, ifUpdatedAt: changed.updatedAt)
            _ = try await client.call(.deleteTarget, removal)
            let error = try await failure { try await client.call(.getTarget, TargetReference(id: created.id)) }
            #expect(error.code == .notFound)
            #expect(try await client.call(.listChecks, CheckFilter()).checks.isEmpty)
        }
    }

    @Test("with a URL as address get an HTTP check of it")
    func urlTarget() async throws {
        try await withOrchestrator(in: directory) { client in
            let target = try await client.call(.createTarget, NewTarget(address: "https://example.org/health"))
            let checks = try await client.call(.listChecks, CheckFilter(targetID: target.id)).checks
            #expect(checks.map(\.type) == [.http])
            #expect(checks.first?.options.url == "https://example.org/health")
        }
    }

    @Test("of the same name and address are a conflict")
    func conflict() async throws {
        try await withOrchestrator(in: directory) { client in
            let first = try await client.call(.createTarget, NewTarget(address: "a.example", name: "A"))
            let second = try await client.call(.createTarget, NewTarget(address: "a.example", name: "B"))
            let again = try await failure {
                try await client.call(.createTarget, NewTarget(address: "a.example", name: "A"))
            }
            #expect(again.code == .conflict)
            let renamed = try await failure {
                try await client.call(.updateTarget, TargetChange(id: second.id, name: "A"))
            }
            #expect(renamed.code == .conflict)
            #expect(try await client.call(.listTargets, TargetFilter()).targets.map(\.id) == [first.id, second.id])
        }
    }

    @Test("are listed by name in any case, page by page, without one twice or missing")
    func pages() async throws {
        try await withOrchestrator(in: directory) { client in
            let names = (0..<25).map { $0 % 2 == 0 ? "host \($0 / 5)" : "HOST \($0 / 5)" }
            for (index, name) in names.enumerated() {
                _ = try await client.call(
                    .createTarget,
                    NewTarget(address: "h\(index).example", name: name, checks: [])
                )
            }
            var seen: [Target] = []
            var cursor: String?
            repeat {
                let page = try await client.call(.listTargets, TargetFilter(limit: 4, cursor: cursor))
                #expect(page.targets.count <= 4)
                seen += page.targets
                cursor = page.nextCursor
            } while cursor != nil
            #expect(seen.count == 25)
            #expect(Set(seen.map(\.id)).count == 25)
            #expect(seen.map { $0.name.lowercased() } == names.map { $0.lowercased() }.sorted())
        }
    }

    @Test("are found by part of a name or an address, in any case and with any letters")
    func search() async throws {
        try await withOrchestrator(in: directory) { client in
            for (name, address) in [("Zürich Router", "10.0.0.1"), ("100% uptime", "b.example"), ("C_3", "c.example")] {
                _ = try await client.call(.createTarget, NewTarget(address: address, name: name))
            }
            let expected = [
                "ZÜRICH": ["Zürich Router"], "10.0.0": ["Zürich Router"], "%": ["100% uptime"], "_": ["C_3"],
                "EXAMPLE": ["100% uptime", "C_3"], "nothing": [], "!": [],
            ]
            for (search, names) in expected {
                let page = try await client.call(.listTargets, TargetFilter(search: search))
                #expect(page.targets.map(\.name) == names, "\(search)")
            }
        }
    }

    @Test("are found by labels, category and whether they are enabled, also by the store")
    func filters() async throws {
        try await withOrchestrator(in: directory) { client in
            let labels: [[String: String]] = [
                ["site": "vienna", "a.b/c": "1"], ["site": "vienna", "a": "{\"b/c\": 1}"], ["site": "graz"], [:],
            ]
            for (number, labels) in labels.enumerated() {
                var new = NewTarget(address: "192.0.2.\(number)", name: "\(number)")
                new.labels = labels
                new.category = number == 3 ? "isp" : nil
                new.enabled = number != 1
                _ = try await client.call(.createTarget, new)
            }
            func names(_ change: (inout TargetFilter) -> Void) async throws -> [String] {
                var filter = TargetFilter()
                change(&filter)
                return try await client.call(.listTargets, filter).targets.map(\.name)
            }
            #expect(try await names { $0.labels = "site=vienna" } == ["0", "1"])
            #expect(try await names { $0.labels = "site=vienna,a.b/c=1" } == ["0"])
            #expect(try await names { $0.labels = "site=Vienna" } == [])
            #expect(
                try await names {
                    $0.labels = "site=vienna"; $0.enabled = true
                } == ["0"]
            )
            #expect(try await names { $0.category = "isp" } == ["3"])
            #expect(try await names { $0.enabled = false } == ["1"])
            for wrong in ["", "site", "=x", "a=b,", "a b=c", "a\"b=c", "\u{e9}=1"] {
                let error = try await failure { try await names { $0.labels = wrong } }
                #expect(error.code == .invalidParams && error.data == ["field": "labels"], "\(wrong)")
            }
            for (person, count) in [(Person.editor, 2), (.stranger, 0)] {
                let selection = TargetSelection(tenant: person.tenant, labels: ["site": "vienna"])
                #expect(try await client.call(.selectTargets, selection).targetIDs.count == count)
            }
        }
    }

    @Test("are limited in number, and so are the checks of one")
    func limits() async throws {
        let limits = ["ORCHESTRATOR_MAX_TARGETS": "2", "ORCHESTRATOR_MAX_CHECKS_PER_TARGET": "2"]
        try await withOrchestrator(in: directory, limits) { client in
            let icmp = NewTargetCheck(type: .icmp)
            let tooMany = try await failure {
                try await client.call(.createTarget, NewTarget(address: "a.example", checks: [icmp, icmp, icmp]))
            }
            #expect(tooMany.code == .invalidParams)
            let target = try await client.call(.createTarget, NewTarget(address: "a.example", checks: [icmp, icmp]))
            let third = try await failure {
                try await client.call(.createCheck, NewCheck(targetID: target.id, type: .tcp))
            }
            #expect(third.code == .conflict)
            _ = try await client.call(.createTarget, NewTarget(address: "b.example"))
            let another = try await failure { try await client.call(.createTarget, NewTarget(address: "c.example")) }
            #expect(another.code == .conflict)
        }
    }

    @Test("are there after the process ended, and so is what was removed gone")
    func restart() async throws {
        try await withOrchestrator(in: directory) { client in
            _ = try await client.call(.createTarget, NewTarget(address: "a.example"))
            let gone = try await client.call(.createTarget, NewTarget(address: "b.example"))
            _ = try await client.call(.deleteTarget, TargetRemoval(id: gone.id))
        }
        try await withOrchestrator(in: directory) { client in
            let targets = try await client.call(.listTargets, TargetFilter()).targets
            #expect(targets.map(\.address) == ["a.example"])
            let checks = try await client.call(.listChecks, CheckFilter()).checks
            #expect(checks.map(\.targetID) == targets.map(\.id))
        }
    }

    @Test("with a field that breaks its rule are refused by the field's name", arguments: TargetRuleCase.all)
    func rules(_ rule: TargetRuleCase) async throws {
        try await withOrchestrator(in: directory) { client in
            let error = try await failure { try await client.call(.createTarget, rule.target) }
            #expect(error.code == .invalidParams)
            #expect(error.data?["field"] == .string(rule.field), "\(error.message)")
            #expect(error.message.hasPrefix(rule.field))
            #expect(try await client.call(.listTargets, TargetFilter()).targets.isEmpty)
        }
    }

    @Test(
        "may have these addresses",
        arguments: [
            "localhost", "a.example", "a.example.", "_dns.example", "xn--bcher-kva.example", "192.0.2.1", "2001:db8::1",
            "fe80::1%eth0", "a.example:22", "192.0.2.1:53", "[2001:db8::1]:53", "http://a.example",
            "https://192.0.2.1:8443/x?y=z", "http://[2001:db8::1]:80/",
        ]
    )
    func addresses(_ address: String) async throws {
        try await withOrchestrator(in: directory) { client in
            let target = try await client.call(.createTarget, NewTarget(address: address))
            #expect(target.address == address)
        }
    }
}
