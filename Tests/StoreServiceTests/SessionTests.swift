import Contracts
import Database
import JSON
import JSONRPC
import ServiceTesting
import StoreService
import Testing

@Suite("Sessions")
struct SessionTests {
    let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    private static func hour(_ number: Int) -> Timestamp { Timestamp(microseconds: Int64(number) * 3_600_000_000) }

    @Test("are made, found, changed and removed, and outlive the process", arguments: DatabaseEngine.allCases)
    func crud(engine: DatabaseEngine) async throws {
        let time = ManualTime()
        let targets = [TargetID.make(), .make()]
        try await withStore(in: directory, on: engine, time: time) { store in
            let new = NewSession(name: "Büro am Montag", from: Self.hour(1), targetIDs: targets, types: [.icmp, .tcp])
            let session = try await store.client.call(.createSession, new)
            #expect(session.createdBy == "ann@example.org")
            #expect(session.createdAt == time.now)
            #expect((session.to, session.note) == (nil, ""))
            #expect((session.targetIDs, session.types) == (targets, [.icmp, .tcp]))
            let found = try await store.client.call(.getSession, SessionReference(id: session.id))
            #expect(found == session)
        }
        try await withStore(in: directory, on: engine, time: time) { store in
            let page = try await store.client.call(.listSessions, SessionFilter(name: "Büro am Montag"))
            let session = try #require(page.sessions.first)
            time.advance(by: .seconds(60))
            let change = SessionChange(id: session.id, name: "Monday", to: Self.hour(2), note: "two\nlines")
            let changed = try await store.client.call(.updateSession, change)
            #expect((changed.name, changed.to, changed.note) == ("Monday", Self.hour(2), "two\nlines"))
            #expect((changed.from, changed.targetIDs, changed.createdAt) == (session.from, targets, session.createdAt))
            #expect(changed.updatedAt == time.now)
            let stored = try await store.client.call(.getSession, SessionReference(id: session.id))
            #expect(stored == changed)
            // Read before the change, and so not what is there any more.
            let late = SessionRemoval(id: session.id, ifUpdatedAt: session.updatedAt)
            #expect(try await failure { try await store.client.call(.deleteSession, late) }.code == .conflict)
            var lateChange = SessionChange(id: session.id, name: "Late")
            lateChange.ifUpdatedAt = session.updatedAt
            let refusal = try await failure { [lateChange] in
                try await store.client.call(.updateSession, lateChange)
            }
            #expect(refusal.code == .conflict)
            let removal = SessionRemoval(id: session.id, ifUpdatedAt: changed.updatedAt)
            _ = try await store.client.call(.deleteSession, removal)
            let gone = SessionReference(id: session.id)
            #expect(try await failure { try await store.client.call(.getSession, gone) }.code == .notFound)
            #expect(try await failure { try await store.client.call(.updateSession, change) }.code == .notFound)
            #expect(try await failure { try await store.client.call(.deleteSession, removal) }.code == .notFound)
        }
    }

    @Test("are listed by when they began, page by page", arguments: DatabaseEngine.allCases)
    func pages(engine: DatabaseEngine) async throws {
        try await withStore(in: directory, on: engine) { store in
            for number in 0..<7 {
                let new = NewSession(name: "session \(number)", from: Self.hour(number / 2), to: Self.hour(10))
                _ = try await store.client.call(.createSession, new)
            }
            var names: [String] = []
            var cursor: String?
            repeat {
                let page = try await store.client.call(.listSessions, SessionFilter(limit: 3, cursor: cursor))
                names += page.sessions.map(\.name)
                cursor = page.nextCursor
            } while cursor != nil
            #expect(names == [6, 5, 4, 3, 2, 1, 0].map { "session \($0)" })
            let none = try await store.client.call(.listSessions, SessionFilter(name: "session"))
            #expect(none.sessions.isEmpty)
        }
    }

    @Test("have one of each name, and say what is wrong with one", arguments: DatabaseEngine.allCases)
    func refused(engine: DatabaseEngine) async throws {
        try await withStore(in: directory, on: engine) { store in
            let first = try await store.client.call(.createSession, NewSession(name: "a", from: Self.hour(1)))
            _ = try await store.client.call(.createSession, NewSession(name: "b", from: Self.hour(1)))
            let again = NewSession(name: "a", from: Self.hour(2))
            #expect(try await failure { try await store.client.call(.createSession, again) }.code == .conflict)
            let taken = SessionChange(id: first.id, name: "b")
            #expect(try await failure { try await store.client.call(.updateSession, taken) }.code == .conflict)
            let wrong: [(session: NewSession, field: String)] = [
                (NewSession(name: "", from: Self.hour(1)), "name"),
                (NewSession(name: " ", from: Self.hour(1)), "name"),
                (NewSession(name: "a\nb", from: Self.hour(1)), "name"),
                (NewSession(name: String(repeating: "n", count: 101), from: Self.hour(1)), "name"),
                (NewSession(name: "c", from: Self.hour(1), to: Self.hour(1)), "from"),
                (NewSession(name: "c", from: Timestamp(microseconds: -1)), "from"),
                (NewSession(name: "c", from: Self.hour(1), note: String(repeating: "n", count: 10_001)), "note"),
                (NewSession(name: "c", from: Self.hour(1), note: "a\0"), "note"),
                (NewSession(name: "c", from: Self.hour(1), targetIDs: (0...1_000).map { _ in .make() }), "target_ids"),
            ]
            for (session, field) in wrong {
                let error = try await failure { try await store.client.call(.createSession, session) }
                #expect(error.code == .invalidParams)
                #expect(error.data?["field"] == .string(field))
            }
            let backwards = SessionChange(id: first.id, to: Self.hour(1))
            #expect(try await failure { try await store.client.call(.updateSession, backwards) }.code == .invalidParams)
            for filter in [SessionFilter(limit: 0), SessionFilter(limit: 201), SessionFilter(cursor: "x")] {
                let error = try await failure { try await store.client.call(.listSessions, filter) }
                #expect(error.code == .invalidParams)
            }
        }
    }
}
