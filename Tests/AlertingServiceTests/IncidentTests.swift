import Contracts
import JSON
import JSONRPC
import ServiceTesting
import Testing

@testable import AlertingService

@Suite("Incidents", .everyEngine, .timeLimit(.minutes(5)))
struct IncidentTests {
    let directory: TemporaryDirectory
    let measurements = MeasurementLog()

    init() throws { directory = try TemporaryDirectory() }

    @Test("are listed newest first, page by page, and by state and target")
    func pages() async throws {
        try await AlertingCase.run(in: directory, measurements) { [measurements] test in
            try await measurements.followed()
            let probes = (0..<10).map { Probe("target-\($0)") }
            // Two begin in every second, and every other one is over.
            for (index, probe) in probes.enumerated() {
                measurements.append(probe.batch(index % 2 == 0 ? "xxx" : "xxx...", at: index / 2))
            }
            _ = try await test.incidents(10, firing: 5)
            func list(_ filter: IncidentFilter) async throws -> IncidentPage {
                try await test.client.call(.listIncidents, filter)
            }
            let whole = try await list(IncidentFilter())
            #expect(whole.incidents.count == 10)
            #expect(whole.nextCursor == nil)
            #expect(whole.incidents.map(\.startedAt) == whole.incidents.map(\.startedAt).sorted(by: >))

            var paged: [Incident] = []
            var cursor: String?
            repeat {
                let page = try await list(IncidentFilter(limit: 3, cursor: cursor))
                #expect(page.incidents.count == 3 || page.nextCursor == nil)
                paged += page.incidents
                cursor = page.nextCursor
            } while cursor != nil
            #expect(paged == whole.incidents)

            let firing = try await list(IncidentFilter(state: .firing)).incidents
            #expect(Set(firing.map(\.targetName)) == ["target-0", "target-2", "target-4", "target-6", "target-8"])
            let target = try await list(IncidentFilter(targetID: probes[3].series.targetID)).incidents
            #expect(target.map(\.targetName) == ["target-3"])
            #expect(try await list(IncidentFilter(state: .firing, targetID: probes[3].series.targetID)).incidents == [])
        }
    }

    @Test("are asked for with a limit and a cursor that make sense")
    func validation() async throws {
        try await AlertingCase.run(in: directory, measurements) { test in
            let filters: [(String, IncidentFilter)] = [
                ("limit", IncidentFilter(limit: 0)), ("limit", IncidentFilter(limit: 1_001)),
                ("cursor", IncidentFilter(cursor: "")), ("cursor", IncidentFilter(cursor: "1.2")),
                ("cursor", IncidentFilter(cursor: "x.\(IncidentID.make())")),
                ("cursor", IncidentFilter(cursor: "1.\(IncidentID.make()).3")),
            ]
            for (field, filter) in filters {
                let error = try await failure { try await test.client.call(.listIncidents, filter) }
                #expect(error.code == .invalidParams)
                #expect(error.data == ["field": .string(field)])
            }
        }
    }
}
