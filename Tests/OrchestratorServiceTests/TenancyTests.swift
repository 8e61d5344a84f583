import Contracts
import Database
import JSONRPC
import Observability
import OrchestratorService
import ServiceTesting
import Testing

@Suite("Tenants of an orchestrator", .everyEngine)
struct TenancyTests {
    let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    @Test("have targets and checks of the same names, and see, change and count their own alone")
    func separate() async throws {
        try await withOrchestrator(in: directory, ["ORCHESTRATOR_MAX_TARGETS": "1"]) { client in
            let new = NewTarget(address: "192.0.2.1", name: "router")
            let mine = try await client.call(.createTarget, new)
            try await acting(as: .stranger) {
                #expect(try await client.call(.listTargets, TargetFilter()).targets.isEmpty)
                #expect(try await client.call(.listChecks, CheckFilter()).checks.isEmpty)
                let theirs = try await client.call(.createTarget, new)
                #expect(try await client.call(.listTargets, TargetFilter()).targets == [theirs])
                #expect(try await client.call(.listChecks, CheckFilter(targetID: mine.id)).checks.isEmpty)
                for refused in [
                    try await failure { try await client.call(.getTarget, TargetReference(id: mine.id)) },
                    try await failure { try await client.call(.deleteTarget, TargetRemoval(id: mine.id)) },
                    try await failure { try await client.call(.updateTarget, TargetChange(id: mine.id, name: "x")) },
                    try await failure { try await client.call(.createCheck, NewCheck(targetID: mine.id, type: .icmp)) },
                ] {
                    #expect(refused == RPCError(.notFound, "there is no target \(mine.id)"))
                }
            }
            #expect(try await client.call(.listTargets, TargetFilter()).targets == [mine])
        }
    }

    @Test("get the same answer for an id of another tenant as for one that nothing has")
    func foreignIDs() async throws {
        try await withStoppableOrchestrator(in: directory) { client, orchestrator in
            let target = try await client.call(.createTarget, NewTarget(address: "192.0.2.1"))
            let check = try #require(try await client.call(.listChecks, CheckFilter()).checks.first)
            let (from, to) = (Timestamp.now, Timestamp.now.advanced(by: .seconds(60)))
            let maintenance = try await client.call(
                .createMaintenance,
                NewMaintenance(reason: "disks", from: from, to: to, targetIDs: [target.id])
            )
            let run = try await client.call(.runCheck, RunRequest(id: check.id))
            var router = RPCRouter(
                title: "orchestrator",
                authorizer: OpenDoor(),
                log: Log(label: "test", sink: MemorySink())
            )
            orchestrator.addRoutes(to: &router)
            let probe = IsolationProbe(
                router,
                ids: [
                    "target.id": target.id.rawValue, "check.id": check.id.rawValue, "target_id": target.id.rawValue,
                    "target_ids": target.id.rawValue, "maintenance.id": maintenance.id.rawValue,
                ],
                common: ["agent.id", "enrolment.id"]
            )
            let methods = publicMethods.filter { $0.owner == .orchestrator }
            let (fields, leaks) = try await probe.leaks(methods, as: .stranger)
            #expect(fields > 5)
            #expect(leaks == [])
            #expect(try await client.call(.getTarget, TargetReference(id: target.id)) == target)
            #expect(try await client.call(.listChecks, CheckFilter()).checks == [check])
            #expect(try await client.call(.listMaintenance, Empty()).maintenance == [maintenance])
            #expect(try await client.call(.listRuns, CheckReference(id: check.id)).runs == [run])
        }
    }

    @Test("are kept apart by PostgreSQL too, whatever a statement forgets")
    func guarded() async throws {
        guard TestEngine.current == .postgres else { return }
        try await withOrchestrator(in: directory) { [directory] client in
            for person in [Person.editor, .stranger] {
                try await acting(as: person) {
                    var targets: [Target] = []
                    for address in ["192.0.2.1", "192.0.2.2"] {
                        targets.append(try await client.call(.createTarget, NewTarget(address: address)))
                    }
                    let check = try #require(try await client.call(.listChecks, CheckFilter()).checks.first)
                    _ = try await client.call(.runCheck, RunRequest(id: check.id))
                    let (from, to) = (Timestamp.now, Timestamp.now.advanced(by: .seconds(60)))
                    let work = NewMaintenance(reason: "disks", from: from, to: to, targetIDs: [targets[0].id])
                    _ = try await client.call(.createMaintenance, work)
                    let gone = try #require(targets.first { $0.id != check.targetID })
                    _ = try await client.call(.deleteTarget, TargetRemoval(id: gone.id))
                }
            }
            let database = try await TestEngine.open("orchestrator", in: directory)
            let tables = ["target", "check_definition", "maintenance", "check_run", "removal"]
            for (tenant, count) in [(Person.editor.tenant.rawValue, 1), ("nobody", 0), (nil, 0), ("*", 2)] {
                let expected = Dictionary(uniqueKeysWithValues: tables.map { ($0, count) })
                #expect(try await guardedRows(in: database, as: tenant) == expected, "\(tenant ?? "nil")")
            }
            await #expect(throws: DatabaseError.self) {
                try await database.write(deadline: nil) { connection in
                    try connection.enter(tenant: Person.editor.tenant.rawValue)
                    try connection.execute("UPDATE target SET tenant = \(Person.stranger.tenant.rawValue)")
                }
            }
            await database.close()
        }
    }

    @Test("own their checks, and no agent is believed that has another one's or none")
    func owners() async throws {
        try await withOrchestrator(in: directory) { client in
            let agent = try await client.call(
                .registerAgent,
                AgentRegistration(name: "node", version: "1", surroundings: .init())
            ).id
            let mine = try await client.call(.createTarget, NewTarget(address: "192.0.2.1"))
            let theirs = try await acting(as: .stranger) {
                try await client.call(.createTarget, NewTarget(address: "192.0.2.1"))
            }
            func check(of target: Target, as person: Person) async throws -> CheckID {
                try await acting(as: person) {
                    let checks = try await client.call(.listChecks, CheckFilter(targetID: target.id)).checks
                    return try #require(checks.first).id
                }
            }
            let (own, other) = (
                try await check(of: mine, as: .editor), try await check(of: theirs, as: .stranger)
            )
            let checks: [CheckOwnerQuery.CheckOfTarget] = [
                .init(checkID: other, targetID: theirs.id), .init(checkID: own, targetID: mine.id),
                .init(checkID: own, targetID: theirs.id), .init(checkID: .make(), targetID: mine.id),
            ]
            let tenants = try await client.call(.listCheckOwners, CheckOwnerQuery(agentID: agent, checks: checks))
                .tenants
            #expect(tenants == [Person.stranger.tenant, .first, nil, nil])
            let nobody = CheckOwnerQuery(agentID: .make(), checks: checks)
            #expect(try await client.call(.listCheckOwners, nobody).tenants == [nil, nil, nil, nil])
        }
    }

    @Test("take all their targets along when they go")
    func removed() async throws {
        try await withOrchestrator(in: directory) { client in
            let mine = try await client.call(.createTarget, NewTarget(address: "192.0.2.1"))
            try await acting(as: .stranger) {
                for number in 1...3 {
                    let target = try await client.call(.createTarget, NewTarget(address: "192.0.2.\(number)"))
                    _ = try await client.call(
                        .createMaintenance,
                        NewMaintenance(
                            reason: "move",
                            from: .now,
                            to: .now.advanced(by: .seconds(60)),
                            targetIDs: [target.id]
                        )
                    )
                }
            }
            let removed = RemovedTenant(tenant: Person.stranger.tenant)
            for _ in 0..<2 { _ = try await client.call(.forgetTenantTargets, removed) }
            let (targets, checks) = try await acting(as: .stranger) {
                (
                    try await client.call(.listTargets, TargetFilter()).targets,
                    try await client.call(.listChecks, CheckFilter()).checks
                )
            }
            #expect(targets.isEmpty)
            #expect(checks.isEmpty)
            #expect(
                try await acting(as: .stranger) { try await client.call(.listMaintenance, Empty()) }.maintenance == []
            )
            #expect(try await client.call(.listTargets, TargetFilter()).targets == [mine])
        }
    }
}
