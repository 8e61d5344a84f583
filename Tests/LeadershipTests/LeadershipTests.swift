import Database
import Dispatch
import Lifecycle
import Observability
import ServiceTesting
import Synchronization
import Testing

@testable import Leadership

@Suite("Leadership", .timeLimit(.minutes(2)))
struct LeadershipTests {
    private struct GivesUp: Error {}

    @Test("passes on when the leader was silent for a lease, and the silent one's writes are refused")
    func failover() async throws {
        let site = try LeadershipCase()
        let (first, second) = (try await site.open(), try await site.open())
        let old = try await site.leadership(of: first, as: "a").campaign()
        #expect(old.number == 1)
        try await old.database.makeNotes()
        try await old.database.addNote("of the first term")
        let sleeps = Atomic(0)
        let clock = StepClock { sleeps.wrappingAdd(1, ordering: .relaxed) }
        let new = try await site.leadership(of: second, as: "b", clock: clock).campaign()
        #expect(new.number == 2)
        // Five of them are a lease.
        let count = sleeps.load(ordering: .relaxed)
        #expect(count == 6)
        let refusal = await #expect(throws: DatabaseError.self) { try await old.database.addNote("too late") }
        #expect(refusal?.code == .superseded)
        try await new.database.addNote("of the second term")
        #expect(try await old.database.notes() == ["of the first term", "of the second term"])
        await #expect(throws: LeadershipLost.self) { try await old.hold() }
        // What a deposed leader does at its end harms nobody.
        await old.resign()
        try await new.database.addNote("still")
        await first.close()
        await second.close()
    }

    @Test("stays where there are signs of life")
    func alive() async throws {
        let site = try LeadershipCase()
        let (first, second) = (try await site.open(), try await site.open())
        let term = try await site.leadership(of: first, as: "a").campaign()
        let looks = Atomic(0)
        let clock = StepClock {
            // A leader that is late again and again, but never by a whole lease.
            let count = looks.wrappingAdd(1, ordering: .relaxed).newValue
            if count.isMultiple(of: 5) { try await term.beat(before: .now.advanced(by: .seconds(60))) }
            if count == 40 { throw GivesUp() }
        }
        await #expect(throws: GivesUp.self) {
            try await site.leadership(of: second, as: "b", clock: clock).campaign()
        }
        try await term.database.makeNotes()
        await first.close()
        await second.close()
    }

    @Test("passes on at once when the leader steps back")
    func resignation() async throws {
        let site = try LeadershipCase()
        let (first, second) = (try await site.open(), try await site.open())
        let old = try await site.leadership(of: first, as: "a").campaign()
        try await old.database.makeNotes()
        await old.resign()
        await #expect(throws: DatabaseError.self) { try await old.database.addNote("after the end") }
        let clock = StepClock { throw GivesUp() }
        let new = try await site.leadership(of: second, as: "b", clock: clock).campaign()
        #expect(new.number == 2)
        await first.close()
        await second.close()
    }

    @Test("has one winner among many")
    func election() async throws {
        let site = try LeadershipCase()
        var databases: [PostgresDatabase] = []
        for _ in 0..<6 { databases.append(try await site.open()) }
        let winners = await withTaskGroup(of: Int?.self) { group in
            for (number, database) in databases.enumerated() {
                group.addTask {
                    let clock = StepClock { throw GivesUp() }
                    return try? await site.leadership(of: database, as: "\(number)", clock: clock).campaign().number
                }
            }
            return await group.reduce(into: [Int]()) { if let number = $1 { $0.append(number) } }
        }
        #expect(winners == [1])
        for database in databases { await database.close() }
    }

    @Test("does not wait for a leader that was stopped within a transaction")
    func stoppedWithin() async throws {
        let site = try LeadershipCase()
        let (first, second) = (try await site.open(longestPause: .milliseconds(300)), try await site.open())
        let old = try await site.leadership(of: first, as: "a").campaign()
        try await old.database.makeNotes()
        let (isWithin, mayGoOn) = (Gate(), DispatchSemaphore(value: 0))
        try await withThrowingTaskGroup(of: (any Error)?.self) { group in
            group.addTask {
                do {
                    _ = try await old.database.write { connection in
                        try connection.execute("INSERT INTO note (text) VALUES ('stopped')")
                        isWithin.open()
                        mayGoOn.wait()
                        try connection.execute("INSERT INTO note (text) VALUES ('continued')")
                    }
                    return nil
                } catch {
                    return error
                }
            }
            await isWithin.wait()
            let new = try await site.leadership(of: second, as: "b").campaign()
            #expect(new.number == 2)
            mayGoOn.signal()
            #expect(try await group.next() is any Error, "what was stopped is refused when it goes on")
            #expect(try await new.database.notes().isEmpty)
        }
        await first.close()
        await second.close()
    }

    @Test("is a file's own process's at once")
    func file() async throws {
        let directory = try TemporaryDirectory()
        let database = try await SQLiteDatabase.open(directory.path + "/test.db")
        let clock = StepClock { throw GivesUp() }
        let term = try await LeadershipCase().leadership(of: database, as: "a", clock: clock).campaign()
        try await term.database.makeNotes()
        try await term.database.addNote("written")
        #expect(try await database.notes() == ["written"])
        await term.resign()
        await database.close()
    }
}
