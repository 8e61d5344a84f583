import Contracts
import Database
import JSON
import JSONRPC
import Observability
import ServiceTesting
import StoreService
import Testing

@Suite("The retention of a tenant", .timeLimit(.minutes(5)))
struct TenantRetentionTests {
    let directory: TemporaryDirectory
    /// The second target is the stranger's.
    private let watch = Watch(targets: 2)
    private let time = ManualTime()

    init() throws { directory = try TemporaryDirectory() }

    private func withTenants(
        _ engine: DatabaseEngine,
        _ clock: StandingClock,
        configure: (inout StoreSettings) -> Void = { _ in },
        _ body: @escaping @Sendable (StoreCase) async throws -> Void
    ) async throws {
        try await withStore(
            in: directory,
            on: engine,
            time: time,
            clock: clock,
            orchestrator: watch.ownersOfTwo,
            configure: configure,
            body
        )
    }

    private func days(_ count: Int) -> Timestamp { time.now.advanced(by: .seconds(-count * 86_400)) }

    /// Two hundred rows a day of both tenants, which are in chunks when this returns.
    private func fill(_ store: StoreCase, _ days: Range<Int>, _ clock: StandingClock) async throws {
        for day in days {
            _ = try await store.client.call(.appendMeasurements, watch.batch(400, before: self.days(day)))
        }
        await Self.turn(clock)
    }

    private static func turn(_ clock: StandingClock) async {
        await clock.untilSleeping()
        clock.wake()
        await clock.untilSleeping()
    }

    /// Of each person, the days of which there are rows, as lists and exports show them.
    private func rowDays(_ store: StoreCase, _ person: Person) async throws -> Set<Int> {
        try await acting(as: person) {
            let filter = MeasurementFilter(from: days(30), to: time.now, limit: 10_000)
            let rows = try await store.client.call(.listMeasurements, filter).measurements
            let file = try await store.client.follow(
                .exportMeasurements,
                ExportFilter(from: days(30), to: time.now, format: .csv)
            )
            var exported = 0
            while let piece = try await file.next() { exported += piece.rows }
            #expect(exported == rows.count)
            return Set(rows.map { Int($0.timestamp.duration(to: time.now) / .seconds(86_400)) })
        }
    }

    /// What is known of each person's target: the sum, and a day of five days ago in minutes.
    private func sums(_ store: StoreCase, _ person: Person) async throws -> (SummaryReport, Timeline) {
        let target = watch.series[person.tenant == .first ? 0 : 1].targetID
        return try await acting(as: person) {
            let whole = SummaryFilter(from: days(30), to: time.now)
            let from = days(5).advanced(by: .seconds(-3_600))
            let minutes = TimelineFilter(targetID: target, from: from, to: days(5), points: 30)
            return (
                try await store.client.call(.summarizeMeasurements, whole),
                try await store.client.call(.measurementTimeline, minutes)
            )
        }
    }

    private func count(_ table: SQL, _ person: Person, in store: StoreCase) async throws -> Int {
        try await store.database.read { connection in
            try connection.enter(tenant: "*")
            let query: SQL = "SELECT count(*) FROM \(table) WHERE tenant = \(person.tenant.rawValue)"
            return try connection.value(query) ?? -1
        }
    }

    private func checkDatabase(_ store: StoreCase) async throws {
        let report = try await StoreCheck.run(on: store.database, retention: RetentionSettings(), now: time.now)
        #expect(report.faults == [])
    }

    @Test("hides and removes its rows, leaves its sums, and touches nobody else's", arguments: DatabaseEngine.allCases)
    func rows(engine: DatabaseEngine) async throws {
        let clock = StandingClock(engine)
        try await withTenants(engine, clock) { store in
            try await fill(store, 0..<8, clock)
            let before = (mine: try await sums(store, .editor), theirs: try await sums(store, .stranger))
            #expect(before.theirs.0.overall.count == 1_600)
            #expect(before.theirs.1.series.first?.count.reduce(0, +) == 200)
            let retention = try await acting(as: .stranger) {
                try await store.client.call(.updateRetention, RetentionChange(rows: 2))
            }
            #expect(retention.kept == RetentionDays(rows: 2, minutes: 90, hours: 400, days: 3_650))
            #expect(retention.limit == RetentionDays(rows: 30, minutes: 90, hours: 400, days: 3_650))
            // What is still there is shown no more.
            #expect(try await count("chunk", .stranger, in: store) == 8)
            for _ in 0..<2 {
                #expect(try await rowDays(store, .stranger) == [0, 1, 2])
                #expect(try await rowDays(store, .editor) == Set(0..<8))
                #expect(try await sums(store, .stranger) == before.theirs)
                #expect(try await sums(store, .editor) == before.mine)
                try await checkDatabase(store)
                await Self.turn(clock)
            }
            #expect(try await count("chunk", .stranger, in: store) == 3)
            #expect(try await count("minutes", .stranger, in: store) == 5)
            #expect(try await count("chunk", .editor, in: store) == 8)
            #expect(try await count("minutes", .editor, in: store) == 0)
        }
        try await withTenants(engine, clock) { store in
            let kept = try await acting(as: .stranger) { try await store.client.call(.getRetention, Empty()) }.kept
            #expect(kept.rows == 2)
            #expect(try await rowDays(store, .stranger) == [0, 1, 2])
            time.advance(by: .seconds(3 * 86_400))
            // The newest row is too old for one, and its sums are there all the same.
            let latest = try await acting(as: .stranger) {
                try await store.client.call(.latestMeasurements, LatestFilter()).measurements
            }
            #expect(latest.isEmpty)
            #expect(try await store.client.call(.latestMeasurements, LatestFilter()).measurements.count == 1)
            await Self.turn(clock)
            #expect(try await count("chunk", .stranger, in: store) == 0)
            #expect(try await sums(store, .stranger).0.overall.count == 1_600)
            try await checkDatabase(store)
        }
    }

    @Test("removes sums too, and brings nothing back when it is longer again", arguments: DatabaseEngine.allCases)
    func longer(engine: DatabaseEngine) async throws {
        let clock = StandingClock(engine)
        let short = RetentionChange(rows: 1, minutes: 1, hours: 2, days: 3)
        let long = RetentionChange(rows: 30, minutes: 90, hours: 400, days: 3_650)
        // Before anything is removed, and after.
        try await withTenants(engine, clock) { store in
            try await fill(store, 0..<8, clock)
            for isRemoved in [false, true] {
                try await acting(as: .stranger) {
                    _ = try await store.client.call(.updateRetention, short)
                    if isRemoved { await Self.turn(clock) }
                    let retention = try await store.client.call(.updateRetention, long)
                    #expect(retention.kept == retention.limit)
                }
                #expect(try await rowDays(store, .stranger) == [0, 1])
                let (sum, minutes) = try await sums(store, .stranger)
                // Of whole days there are sums of four.
                #expect(sum.overall.count == 800)
                #expect(minutes.series.isEmpty)
                #expect(try await sums(store, .editor).0.overall.count == 1_600)
                try await checkDatabase(store)
            }
            #expect(try await count("chunk", .stranger, in: store) == 2)
            #expect(try await count("minutes", .stranger, in: store) == 0)
            // Three hours' days and four days' days, of each an hour that has rows.
            #expect(try await count("rollup", .stranger, in: store) == 3 + 4)
            try await fill(store, 20..<21, clock)
            #expect(try await rowDays(store, .stranger) == [0, 1])
            #expect(try await rowDays(store, .editor) == Set(0..<8).union([20]))
            try await checkDatabase(store)
        }
    }

    @Test("is held for the log, changes of routes and newest rows", arguments: DatabaseEngine.allCases)
    func rest(engine: DatabaseEngine) async throws {
        let clock = StandingClock(engine)
        var traces = watch
        for index in traces.series.indices { traces.series[index].type = .trace }
        let batch = traces.batch(
            [(days(0), 1), (days(0), 1)],
            metadata: #"{"changed_hop":2,"hops":{"address":["10.0.0.1"]}}"#
        )
        let many: (inout StoreSettings) -> Void = { $0.retention.events = .seconds(10 * 86_400) }
        try await withTenants(engine, clock, configure: many) { store in
            for batch in [batch, watch.batch(4, before: time.now)] {
                _ = try await store.client.call(.appendMeasurements, batch)
            }
            await Self.turn(clock)
            try await acting(as: .stranger) {
                let change = RetentionChange(rows: 1, minutes: 1, hours: 1, days: 1)
                _ = try await store.client.call(.updateRetention, change)
            }
            time.advance(by: .seconds(3 * 86_400))
            for (person, routes) in [(Person.editor, 1), (.stranger, 0)] {
                let shown = try await acting(as: person) {
                    try await store.client.call(.listRouteChanges, RouteFilter(from: days(10), to: time.now))
                }
                #expect(shown.changes.count == routes)
            }
            await Self.turn(clock)
            for (person, routes, events) in [(Person.editor, 1, 2), (.stranger, 0, 1)] {
                #expect(try await count("route", person, in: store) == routes)
                #expect(try await count("event", person, in: store) == events)
                #expect(try await count("rollup", person, in: store) == 4 * routes)
            }
            let kept = try await store.database.read { connection in
                try connection.enter(tenant: "*")
                return try connection.rows(
                    """
                    SELECT tenant, (SELECT sum(rows) FROM event WHERE event.tenant = progress.tenant), count(numbers)
                    FROM progress GROUP BY tenant ORDER BY tenant
                    """
                ) { row in "\(try row.text(0)) \(try row.integer(1)) \(try row.integer(2))" }
            }
            #expect(kept == ["default 3 2", "other 0 0"])
            try await checkDatabase(store)
            // Numbers go on, and who reads from the beginning is shown nothing old.
            _ = try await store.client.call(.appendMeasurements, watch.batch(2, before: time.now))
            try await acting(as: .stranger) {
                let stream = try await store.client.follow(.followMeasurements, FollowRequest(cursor: 0))
                let first = try #require(try await stream.next())
                #expect((first.cursor, first.batch.count) == (2, 0))
                let second = try #require(try await stream.next())
                #expect((second.cursor, second.batch.count) == (3, 1))
            }
        }
        try await withTenants(engine, clock, configure: many) { store in
            #expect(try await rowDays(store, .stranger) == [0])
            try await checkDatabase(store)
        }
    }

    @Test("is no longer than its operator lets it be, and goes with the tenant", arguments: DatabaseEngine.allCases)
    func limits(engine: DatabaseEngine) async throws {
        let tenant = Person.stranger.tenant
        try await withTenants(engine, StandingClock(engine)) { store in
            let limited = try await store.client.call(
                .limitTenantRetention,
                RetentionLimitChange(id: tenant, rows: 7, minutes: 20)
            )
            #expect(limited.kept == RetentionDays(rows: 7, minutes: 20, hours: 400, days: 3_650))
            #expect(limited.limit == limited.kept)
            try await acting(as: .stranger) {
                let long = try await failure {
                    try await store.client.call(.updateRetention, RetentionChange(rows: 8))
                }
                #expect(long.message == "row_days must be from 1 to 7, got 8")
                let own = try await store.client.call(.updateRetention, RetentionChange(rows: 5))
                #expect((own.kept.rows, own.limit.rows) == (5, 7))
            }
            // A limit holds for what was chosen before; what was chosen holds under a higher one.
            for (limit, kept) in [(3, 3), (30, 5)] {
                let change = RetentionLimitChange(id: tenant, rows: limit, minutes: 90)
                #expect(try await store.client.call(.limitTenantRetention, change).kept.rows == kept)
            }
            #expect(try await store.client.call(.getRetention, Empty()).kept.rows == 30)
        }
        try await withTenants(engine, StandingClock(engine)) { store in
            let reference = TenantReference(id: tenant)
            #expect(try await store.client.call(.getTenantRetention, reference).kept.rows == 5)
            for _ in 0..<2 {
                _ = try await store.client.call(.forgetTenantMeasurements, RemovedTenant(tenant: tenant))
            }
            #expect(try await count("retention", .stranger, in: store) == 0)
        }
    }

    @Test("refuses what is too short, too long or in the wrong order, by name", arguments: DatabaseEngine.allCases)
    func hostile(engine: DatabaseEngine) async throws {
        let changes: [(change: RetentionChange, field: String)] = [
            (RetentionChange(rows: 0), "row_days"), (RetentionChange(rows: -1), "row_days"),
            (RetentionChange(rows: .max), "row_days"), (RetentionChange(rows: .min), "row_days"),
            (RetentionChange(rows: 31), "row_days"), (RetentionChange(minutes: 91), "minute_days"),
            (RetentionChange(hours: 401), "hour_days"), (RetentionChange(days: 3_651), "day_days"),
            (RetentionChange(minutes: 29), "minute_days"), (RetentionChange(rows: 1, hours: 89), "hour_days"),
            (RetentionChange(rows: 10, minutes: 5), "minute_days"), (RetentionChange(days: 0), "day_days"),
        ]
        try await withTenants(engine, StandingClock(engine)) { store in
            let whole = try await store.client.call(.getRetention, Empty())
            for (change, field) in changes {
                let own = try await failure { try await store.client.call(.updateRetention, change) }
                #expect((own.code, own.data?["field"]) == (.invalidParams, .string(field)), "\(change)")
                let limit = RetentionLimitChange(
                    id: .first,
                    rows: change.rows,
                    minutes: change.minutes,
                    hours: change.hours,
                    days: change.days
                )
                let limited = try await failure { try await store.client.call(.limitTenantRetention, limit) }
                #expect((limited.code, limited.data?["field"]) == (.invalidParams, .string(field)), "\(change)")
            }
            // The order holds with what was chosen before.
            _ = try await store.client.call(.updateRetention, RetentionChange(rows: 5, minutes: 10))
            let rows = try await failure { try await store.client.call(.updateRetention, RetentionChange(rows: 11)) }
            #expect(rows.message == "row_days must be at most minute_days, which is 10")
            _ = try await store.client.call(.updateRetention, RetentionChange(rows: 30, minutes: 90))
            #expect(try await store.client.call(.getRetention, Empty()) == whole)
        }
    }

    @Test("is in whole days where the settings are not, and no longer than those", arguments: [2, 36])
    func hours(hours: Int) async throws {
        let settings: (inout StoreSettings) -> Void = { $0.retention.rows = .seconds(hours * 3_600) }
        try await withTenants(.sqlite, StandingClock(), configure: settings) { store in
            let days = (hours + 23) / 24
            #expect(try await store.client.call(.getRetention, Empty()).limit.rows == days)
            _ = try await store.client.call(.appendMeasurements, watch.batch(2, before: self.days(1)))
            for rows in 1...days {
                _ = try await store.client.call(.updateRetention, RetentionChange(rows: rows))
                #expect(try await rowDays(store, .editor) == (hours == 2 ? [] : [1]))
            }
        }
    }

    @Test("refuses rows of a file that are older, and takes them for others", arguments: DatabaseEngine.allCases)
    func imports(engine: DatabaseEngine) async throws {
        try await withTenants(engine, StandingClock(engine)) { store in
            let piece = ImportPiece(
                columns: ["timestamp", "target", "type", "latency_ms", "status"],
                text: "\(days(4)),a,icmp,1,success\n\(days(1)),a,icmp,1,success\n"
            )
            try await acting(as: .stranger) {
                _ = try await store.client.call(.updateRetention, RetentionChange(rows: 3))
                let report = try await store.client.call(.importMeasurements, piece)
                #expect((report.stored, report.refused) == (1, 1))
                #expect(
                    report.errors.first?.message
                        == "is older than what is kept, which begins at 2027-01-12T00:00:00.000000Z"
                )
            }
            let report = try await store.client.call(.importMeasurements, piece)
            #expect((report.stored, report.refused) == (2, 0))
        }
    }

    @Test("is known to other stores on the same database")
    func replicas() async throws {
        try await withTenants(.postgres, StandingClock(.postgres)) { first in
            try await withStore(in: directory, on: .postgres, time: time) { second in
                for rows in [3, 20, 30] {
                    _ = try await first.client.call(.updateRetention, RetentionChange(rows: rows))
                    while try await second.client.call(.getRetention, Empty()).kept.rows != rows { await pause() }
                }
            }
        }
    }
}
