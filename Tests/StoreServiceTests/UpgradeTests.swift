import Configuration
import Contracts
import Database
import JSONRPC
import ServiceTesting
import Testing

@testable import StoreService

@Suite("A store's database of an older version", .timeLimit(.minutes(5)))
struct UpgradeTests {
    let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    @Test(
        "keeps its rows, its log and its cursors when there come to be many tenants",
        arguments: DatabaseEngine.allCases
    )
    func manyTenants(engine: DatabaseEngine) async throws {
        let (watch, time) = (Watch(), ManualTime())
        let batch = watch.batch(3, before: time.now)
        var settings = try StoreSettings(from: Environment())
        settings.durability = .normal
        let old = try await openDatabase(of: directory, engine, settings)
        try await old.migrate(Array(schema.prefix(1)))
        try await old.write { connection in
            try connection.enter(tenant: "default")
            let series = watch.series[0]
            try connection.execute(
                """
                INSERT INTO series (id, tenant, target_id, check_id, agent_id, target, type, endpoint, origin,
                    interval_ms, first_at)
                VALUES (1, 'default', \(series.targetID.rawValue), \(series.checkID.rawValue),
                    \(watch.agentID.rawValue), \(series.target), 'icmp', '', \(watch.origin), 0, 0)
                """
            )
            for row in 0..<3 {
                let columns = batch.columns.filtered { $0 == row ? 1 : nil }
                let packed = try RowPacker(level: 1).pack(columns)
                try connection.execute(
                    """
                    INSERT INTO event (tenant, cursor, created_at, rows, numbers, metadata)
                    VALUES ('default', \(row + 1), \(time.now.microseconds), 1, \(packed.numbers), \(packed.metadata))
                    """
                )
            }
            try connection.execute("INSERT INTO flushed (tenant, cursor) VALUES ('default', 0)")
        }
        await old.close()
        let owners = checkOwners { _ in Person.stranger.tenant }
        try await withStore(in: directory, on: engine, time: time, orchestrator: owners) { store in
            let rows = try await store.client.call(.listMeasurements, MeasurementFilter()).measurements
            #expect(rows.count == 3)
            // What an agent has reported before the orchestrator is not asked about.
            let more = watch.batch(1, before: time.now.advanced(by: .seconds(-100)))
            #expect(try await store.client.call(.appendMeasurements, more).stored == 1)
            let others = Watch().batch(1, before: time.now)
            #expect(try await store.client.call(.appendMeasurements, others).stored == 1)
            let stream = try await store.client.follow(.followMeasurements, FollowRequest(cursor: 2))
            for cursor in 3...4 { #expect(try await stream.next()?.cursor == cursor) }
            let first = try await acting(as: .stranger) {
                try await store.client.follow(.followMeasurements, FollowRequest(cursor: 0)).next()
            }
            #expect(first?.cursor == 1)
        }
    }
}
