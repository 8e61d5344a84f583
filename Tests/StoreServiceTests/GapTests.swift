import Contracts
import Database
import JSON
import JSONRPC
import ServiceTesting
import StoreService
import Testing

@Suite("Gaps")
struct GapTests {
    let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    private func gap(_ agent: AgentID, from: Timestamp, seconds: Int = 60, rows: Int = 5) -> Gap {
        Gap(
            id: .make(),
            agentID: agent,
            from: from,
            to: from.advanced(by: .seconds(seconds)),
            rows: rows,
            cause: .spoolFull
        )
    }

    @Test("are kept once, however often they are reported, as large as they became", arguments: DatabaseEngine.allCases)
    func idempotent(engine: DatabaseEngine) async throws {
        let time = ManualTime()
        try await withStore(in: directory, on: engine, time: time) { store in
            var gap = gap(.make(), from: time.now.advanced(by: .seconds(-600)))
            let small = gap
            for _ in 0..<2 { _ = try await store.client.call(.reportGap, gap) }
            gap.rows = 9
            gap.to = gap.to.advanced(by: .seconds(60))
            _ = try await store.client.call(.reportGap, gap)
            // A report that was long on its way changes nothing any more.
            _ = try await store.client.call(.reportGap, small)
            // Nobody changes the gap of another agent.
            var stolen = gap
            (stolen.agentID, stolen.rows) = (.make(), 1_000)
            _ = try await store.client.call(.reportGap, stolen)
            #expect(try await store.client.call(.listGaps, GapFilter()).gaps == [gap])
        }
        try await withStore(in: directory, on: engine, time: time) { store in
            let gaps = try await store.client.call(.listGaps, GapFilter()).gaps
            #expect(gaps.map(\.rows) == [9])
        }
    }

    @Test("are listed by time and agent, newest first", arguments: DatabaseEngine.allCases)
    func list(engine: DatabaseEngine) async throws {
        let time = ManualTime()
        try await withStore(in: directory, on: engine, time: time) { store in
            let (one, other) = (AgentID.make(), AgentID.make())
            let gaps = [3_000, 2_000, 1_000].map { gap(one, from: time.now.advanced(by: .seconds(-$0))) }
            let theirs = gap(other, from: time.now.advanced(by: .seconds(-500)), seconds: 0)
            for gap in gaps + [theirs] { _ = try await store.client.call(.reportGap, gap) }
            let client = store.client
            #expect(try await client.call(.listGaps, GapFilter()).gaps == [theirs] + gaps.reversed())
            #expect(try await client.call(.listGaps, GapFilter(agentID: other)).gaps == [theirs])
            #expect(try await client.call(.listGaps, GapFilter(limit: 1)).gaps == [theirs])
            // A gap is in a span that it touches.
            let within = GapFilter(from: gaps[0].to, to: gaps[1].from.advanced(by: .seconds(1)))
            #expect(try await client.call(.listGaps, within).gaps == [gaps[1], gaps[0]])
            let between = GapFilter(from: gaps[0].to.advanced(by: .seconds(1)), to: gaps[1].from)
            #expect(try await client.call(.listGaps, between).gaps.isEmpty)
        }
    }

    @Test("that make no sense are refused, with the field's name", arguments: DatabaseEngine.allCases)
    func refused(engine: DatabaseEngine) async throws {
        try await withStore(in: directory, on: engine) { store in
            var backwards = gap(.make(), from: store.time.now)
            swap(&backwards.from, &backwards.to)
            let nothing = gap(.make(), from: store.time.now, rows: 0)
            for (gap, field) in [(backwards, "from"), (nothing, "rows")] {
                let error = try await failure { try await store.client.call(.reportGap, gap) }
                #expect(error.code == .invalidParams)
                #expect(error.data == ["field": .string(field)])
            }
            let tooMany = try await failure { try await store.client.call(.listGaps, GapFilter(limit: 1_001)) }
            #expect(tooMany.data == ["field": "limit"])
        }
    }

    @Test("go when the measurements around them do", arguments: DatabaseEngine.allCases)
    func retention(engine: DatabaseEngine) async throws {
        let (time, clock) = (ManualTime(), StandingClock(engine))
        try await withStore(in: directory, on: engine, time: time, clock: clock) { store in
            await clock.untilSleeping()
            _ = try await store.client.call(.reportGap, gap(.make(), from: time.now))
            time.advance(by: .seconds(30 * 86_400 + 61))
            let kept = gap(.make(), from: time.now.advanced(by: .seconds(-61)))
            _ = try await store.client.call(.reportGap, kept)
            clock.wake()
            await clock.untilSleeping()
            let count: Int? = try await store.database.read { connection in
                try connection.enter(tenant: "*")
                return try connection.value("SELECT count(*) FROM gap")
            }
            #expect(count == 1)
            #expect(try await store.client.call(.listGaps, GapFilter()).gaps == [kept])
        }
    }
}
