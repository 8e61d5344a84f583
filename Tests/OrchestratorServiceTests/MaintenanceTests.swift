import Contracts
import JSON
import JSONRPC
import ServiceTesting
import Testing

@Suite("Maintenance", .everyEngine)
struct MaintenanceTests {
    let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    @Test("is made, changed, listed and removed, and alerting is told which targets are meant")
    func lifecycle() async throws {
        let time = ManualTime()
        try await withOrchestrator(in: directory, time: time) { client in
            let named = try await client.call(.createTarget, NewTarget(address: "192.0.2.1"))
            var new = NewTarget(address: "192.0.2.2")
            new.labels = ["rack": "7"]
            let labelled = try await client.call(.createTarget, new)
            // Another tenant's labels are its own business.
            _ = try await acting(as: .stranger) { [new] in try await client.call(.createTarget, new) }
            let made = try await client.call(
                .createMaintenance,
                NewMaintenance(
                    reason: "new switch",
                    from: time.now,
                    to: time.now.advanced(by: .seconds(600)),
                    targetIDs: [named.id],
                    labels: ["rack": "7"]
                )
            )
            #expect(made.createdBy == Person.editor.email)
            func calendar() async throws -> [MaintenanceCalendar.Entry] {
                try await client.call(.maintenanceCalendar, Empty()).entries
            }
            let both = [named.id, labelled.id].sorted { $0.rawValue < $1.rawValue }
            #expect(try await calendar() == [.init(targetIDs: both, from: made.from, to: made.to)])
            let change = MaintenanceChange(id: made.id, to: time.now.advanced(by: .seconds(900)))
            let longer = try await client.call(.updateMaintenance, change)
            #expect(longer.to == time.now.advanced(by: .seconds(900)) && longer.reason == "new switch")
            #expect(try await client.call(.getMaintenance, MaintenanceReference(id: made.id)) == longer)
            #expect(try await client.call(.listMaintenance, Empty()).maintenance == [longer])
            let foreign = try await acting(as: .stranger) { try await client.call(.listMaintenance, Empty()) }
            #expect(foreign.maintenance == [])
            // What ended is known for an hour, for measurements that come late.
            time.advance(by: .seconds(900 + 3_599))
            #expect(try await calendar().count == 1)
            time.advance(by: .seconds(1))
            #expect(try await calendar() == [])
            _ = try await client.call(.deleteMaintenance, MaintenanceReference(id: made.id))
            #expect(try await client.call(.listMaintenance, Empty()).maintenance == [])
        }
    }

    @Test("needs a reason, an end that is not far off, and targets that there are")
    func validation() async throws {
        let time = ManualTime()
        try await withOrchestrator(in: directory, time: time) { client in
            let target = try await client.call(.createTarget, NewTarget(address: "192.0.2.1")).id
            let (now, later) = (time.now, time.now.advanced(by: .seconds(60)))
            let tooLate = now.advanced(by: .seconds(31 * 86_400 + 1))
            for (field, new) in [
                ("reason", NewMaintenance(reason: "", from: now, to: later, targetIDs: [target])),
                ("from", NewMaintenance(reason: "x", from: now, to: now, targetIDs: [target])),
                ("to", NewMaintenance(reason: "x", from: now, to: tooLate, targetIDs: [target])),
                ("target_ids", NewMaintenance(reason: "x", from: now, to: later)),
            ] {
                let error = try await failure { try await client.call(.createMaintenance, new) }
                #expect(error.data == ["field": .string(field)])
            }
            let unknown = NewMaintenance(reason: "x", from: now, to: later, targetIDs: [target, .make()])
            let error = try await failure { try await client.call(.createMaintenance, unknown) }
            #expect(error.code == .notFound)
        }
    }
}
