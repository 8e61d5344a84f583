import Contracts
import Database
import JSON
import JSONRPC
import Observability
import ServiceTesting
import StoreService
import Testing

@Suite("Tenants of a store", .timeLimit(.minutes(5)))
struct TenancyTests {
    let directory: TemporaryDirectory
    /// The second target is the stranger's.
    private let watch = Watch(targets: 2)

    init() throws { directory = try TemporaryDirectory() }

    private func withTenants(
        _ engine: DatabaseEngine,
        _ body: @escaping @Sendable (StoreCase) async throws -> Void
    ) async throws {
        try await withStore(in: directory, on: engine, orchestrator: watch.ownersOfTwo, body)
    }

    private func append(_ rows: Int, to store: StoreCase, age seconds: Int = 0) async throws -> AppendReceipt {
        let end = store.time.now.advanced(by: .seconds(-seconds))
        return try await store.client.call(.appendMeasurements, watch.batch(rows, before: end))
    }

    @Test("are each shown what is theirs of one agent's batch, live and again", arguments: DatabaseEngine.allCases)
    func separate(engine: DatabaseEngine) async throws {
        for start in 0..<2 {
            try await withTenants(engine) { store in
                if start == 0 {
                    #expect(try await append(20, to: store).stored == 20)
                    #expect(try await append(20, to: store).duplicates == 0)
                }
                for (person, series) in [(Person.editor, watch.series[0]), (.stranger, watch.series[1])] {
                    try await acting(as: person) {
                        let rows = try await store.client.call(.listMeasurements, MeasurementFilter(limit: 100))
                        #expect(rows.measurements.count == 20)
                        #expect(Set(rows.measurements.map(\.targetID)) == [series.targetID])
                        let latest = try await store.client.call(.latestMeasurements, LatestFilter())
                        #expect(latest.measurements.map(\.targetID) == [series.targetID])
                        let matrix = try await store.client.call(.measurementMatrix, MatrixFilter())
                        #expect(matrix.targets.map(\.targetID) == [series.targetID])
                        let stream = try await store.client.follow(.followMeasurements, FollowRequest(cursor: 0))
                        for number in 1...2 {
                            let event = try #require(try await stream.next())
                            #expect(event.cursor == number)
                            #expect(event.batch.series == [series])
                            #expect(event.batch.count == 10)
                        }
                    }
                }
            }
        }
    }

    @Test("learn nothing from how many events others have", arguments: DatabaseEngine.allCases)
    func numbers(engine: DatabaseEngine) async throws {
        var mine = watch
        mine.series = [watch.series[0]]
        try await withTenants(engine) { [mine] store in
            for second in 0..<5 { _ = try await append(2, to: store, age: 100 * second) }
            let own = mine.batch(1, before: store.time.now.advanced(by: .seconds(-900)))
            _ = try await store.client.call(.appendMeasurements, own)
            for (person, newest) in [(Person.editor, 6), (.stranger, 5)] {
                let start = try await acting(as: person) {
                    try await store.client.follow(.followMeasurements, FollowRequest()).result.cursor
                }
                #expect(start == newest)
            }
        }
        try await withTenants(engine) { store in
            _ = try await append(2, to: store, age: 2_000)
            try await acting(as: .stranger) {
                let stream = try await store.client.follow(.followMeasurements, FollowRequest(cursor: 5))
                #expect(try await stream.next()?.cursor == 6)
            }
        }
    }

    @Test("have nothing stored that an agent was not told to measure, and the agent is told", arguments: [false, true])
    func refused(isWhole: Bool) async throws {
        var forged = watch
        // The check of one tenant, and the target of another.
        forged.series[0].targetID = watch.series[1].targetID
        forged.series.append(MeasurementSeries(checkID: .make(), targetID: .make(), target: "x", type: .icmp))
        if isWhole { forged.series.remove(at: 1) }
        let (mine, theirs) = (watch.series[0], watch.series[1])
        let owners = checkOwners { check in
            switch (check.checkID, check.targetID) {
            case (mine.checkID, mine.targetID): Person.editor.tenant
            case (theirs.checkID, theirs.targetID): Person.stranger.tenant
            default: nil
            }
        }
        try await withStore(in: directory, orchestrator: owners) { [forged] store in
            let batch = forged.batch(6, before: store.time.now)
            let receipt = try await store.client.call(.appendMeasurements, batch)
            let stored = isWhole ? 0 : 2
            #expect(receipt == AppendReceipt(stored: stored, duplicates: 0, refused: 6 - stored, durability: "normal"))
            #expect(store.counts.contains("sonde_store_refused_rows_total \(6 - stored)"))
            #expect(try await store.client.call(.listMeasurements, MeasurementFilter()).measurements.isEmpty)
            let seen = try await acting(as: .stranger) {
                try await store.client.call(.listMeasurements, MeasurementFilter()).measurements
            }
            #expect(seen.count == stored)
        }
    }

    @Test("are not asked for again, and an orchestrator that is away keeps back what is new alone")
    func orchestratorAway() async throws {
        try await withTenants(.sqlite) { store in _ = try await append(2, to: store) }
        let nobody = RPCClient(inProcess: RPCRouter(title: "nobody", log: Log(label: "test", sink: MemorySink())))
        try await withStore(in: directory, orchestrator: nobody) { store in
            #expect(try await append(2, to: store, age: 10).stored == 2)
            let stranger = Watch().batch(1, before: store.time.now)
            let error = try await failure { try await store.client.call(.appendMeasurements, stranger) }
            #expect(error.code == .unavailable)
            #expect(error.data?["retry_after_ms"] != nil)
        }
    }

    @Test("cannot take an agent's rows by importing some under its ids")
    func importedClaim() async throws {
        let series = watch.series[0]
        try await withTenants(.sqlite) { store in
            let line = [
                "2027-01-15T07:00:00Z", "mine now", "icmp", "1", "success", "agent-1", series.targetID.rawValue,
                series.checkID.rawValue, watch.agentID.rawValue,
            ].joined(separator: ",")
            let piece = ImportPiece(
                columns: [
                    "timestamp", "target", "type", "latency_ms", "status", "origin", "target_id", "check_id",
                    "agent_id",
                ],
                text: line + "\n"
            )
            let report = try await acting(as: .stranger) {
                try await store.client.call(.importMeasurements, piece)
            }
            #expect(report.stored == 1)
            #expect(try await append(2, to: store).stored == 2)
            let rows = try await store.client.call(.listMeasurements, MeasurementFilter()).measurements
            #expect(rows.map(\.target) == ["target 0"])
            // Nor does it lose what is its own when the other target goes.
            let gone = ForgottenTargets(tenant: .first, targetIDs: [series.targetID])
            _ = try await store.client.call(.forgetTargets, gone)
            let theirs = try await acting(as: .stranger) {
                try await store.client.call(.listMeasurements, MeasurementFilter()).measurements
            }
            #expect(Set(theirs.map(\.target)) == ["mine now", "target 1"])
        }
    }

    @Test("get the same answer for an id of another tenant as for one that nothing has")
    func foreignIDs() async throws {
        try await withTenants(.sqlite) { store in
            _ = try await append(20, to: store)
            let session = try await store.client.call(
                .createSession,
                NewSession(name: "mine", from: store.time.now.advanced(by: .seconds(-60)))
            )
            let row = try #require(
                try await store.client.call(.listMeasurements, MeasurementFilter()).measurements.first
            )
            let log = Log(label: "test", sink: MemorySink())
            var router = RPCRouter(title: "store", authorizer: OpenDoor(), log: log)
            store.store.addRoutes(to: &router)
            let probe = IsolationProbe(
                router,
                ids: [
                    "target_id": watch.series[0].targetID.rawValue, "target_ids": watch.series[0].targetID.rawValue,
                    "check_id": watch.series[0].checkID.rawValue,
                    "measurement.id": row.id.rawValue, "session.id": session.id.rawValue,
                    "session_id": session.id.rawValue,
                ],
                common: ["agent_id"]
            )
            let (fields, leaks) = try await probe.leaks(publicMethods.filter { $0.owner == .store }, as: .stranger)
            #expect(fields > 15)
            #expect(leaks == [])
            #expect(try await store.client.call(.getSession, SessionReference(id: session.id)) == session)
        }
    }

    @Test("are kept apart by PostgreSQL itself, where no query says whose rows it wants")
    func policies() async throws {
        try await withTenants(.postgres) { store in
            _ = try await append(20, to: store)
            for person in [Person.editor, .stranger] {
                try await acting(as: person) {
                    _ = try await store.client.call(
                        .createSession,
                        NewSession(name: "one", from: store.time.now.advanced(by: .seconds(-60)))
                    )
                    _ = try await store.client.call(.updateRetention, RetentionChange(rows: 7))
                }
            }
            let counts = try await store.database.read { connection in
                try ["nobody", Person.editor.tenant.rawValue, Person.stranger.tenant.rawValue, "*"].map { tenant in
                    try connection.enter(tenant: tenant)
                    return try ["series", "event", "session", "retention", "retention_change"].map { table in
                        try connection.value(SQL(trusted: "SELECT count(*) FROM \(table)"), as: Int.self) ?? -1
                    }
                }
            }
            #expect(counts == [[0, 0, 0, 0, 0], [1, 1, 1, 3, 0], [1, 1, 1, 3, 0], [2, 2, 2, 6, 1]])
        }
    }

    @Test("leave nothing behind when they go, and take nothing of others along", arguments: DatabaseEngine.allCases)
    func removed(engine: DatabaseEngine) async throws {
        try await withTenants(engine) { store in
            _ = try await append(20, to: store)
            for person in [Person.editor, .stranger] {
                try await acting(as: person) {
                    let new = NewSession(name: "one", from: store.time.now.advanced(by: .seconds(-60)))
                    _ = try await store.client.call(.createSession, new)
                }
            }
            let removed = RemovedTenant(tenant: Person.stranger.tenant)
            for _ in 0..<2 { _ = try await store.client.call(.forgetTenantMeasurements, removed) }
            for (person, rows, sessions) in [(Person.editor, 10, 1), (.stranger, 0, 0)] {
                try await acting(as: person) {
                    let page = try await store.client.call(.listMeasurements, MeasurementFilter())
                    #expect(page.measurements.count == rows)
                    #expect(try await store.client.call(.listSessions, SessionFilter()).sessions.count == sessions)
                }
            }
            let named = try await store.database.read { connection in
                try connection.enter(tenant: "*")
                let query: SQL = """
                    SELECT count(*) FROM series WHERE tenant = \(removed.tenant.rawValue) AND target <> ''
                    """
                return try connection.value(query, as: Int.self)
            }
            #expect(named == 0)
        }
    }
}
