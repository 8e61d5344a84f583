import Contracts
import JSON
import JSONRPC
import ServiceTesting
import Testing

@Suite("Checks", .everyEngine)
struct CheckTests {
    let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    @Test("are added to a target, changed field by field, and removed")
    func lifecycle() async throws {
        try await withOrchestrator(in: directory) { client in
            let target = try await client.call(.createTarget, NewTarget(address: "a.example", checks: []))
            var options = CheckOptions()
            options.port = 22
            let check = try await client.call(
                .createCheck,
                NewCheck(targetID: target.id, type: .tcp, intervalMilliseconds: 1_000, options: options)
            )
            #expect(check.timeoutMilliseconds == 3_000)
            let slower = try await client.call(.updateCheck, CheckChange(id: check.id, intervalMilliseconds: 9_000))
            #expect(slower.intervalMilliseconds == 9_000)
            #expect(slower.options == options)
            let other = try await client.call(.updateCheck, CheckChange(id: check.id, options: CheckOptions()))
            #expect(other.options.port == nil)
            #expect(try await client.call(.listChecks, CheckFilter(targetID: target.id)).checks == [other])
            _ = try await client.call(.deleteCheck, CheckReference(id: check.id))
            #expect(try await client.call(.listChecks, CheckFilter(targetID: target.id)).checks.isEmpty)
        }
    }

    @Test("of a target that is not there, or that are not there themselves, are not found")
    func notFound() async throws {
        try await withOrchestrator(in: directory) { client in
            let calls: [@Sendable () async throws -> Void] = [
                { _ = try await client.call(.createCheck, NewCheck(targetID: .make(), type: .icmp)) },
                { _ = try await client.call(.updateCheck, CheckChange(id: .make())) },
                { _ = try await client.call(.deleteCheck, CheckReference(id: .make())) },
                { _ = try await client.call(.updateTarget, TargetChange(id: .make())) },
                { _ = try await client.call(.deleteTarget, TargetRemoval(id: .make())) },
            ]
            for call in calls {
                let error = try await failure { try await call() }
                #expect(error.code == .notFound)
            }
        }
    }

    @Test("keep to their rules when they are changed, and stay as they were otherwise")
    func refusedChange() async throws {
        try await withOrchestrator(in: directory) { client in
            let target = try await client.call(.createTarget, NewTarget(address: "a.example"))
            let check = try #require(try await client.call(.listChecks, CheckFilter(targetID: target.id)).checks.first)
            let error = try await failure {
                try await client.call(.updateCheck, CheckChange(id: check.id, intervalMilliseconds: 1))
            }
            #expect(error.data?["field"] == "interval_ms")
            #expect(try await client.call(.listChecks, CheckFilter(targetID: target.id)).checks == [check])
        }
    }
}
