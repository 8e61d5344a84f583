import Contracts
import Database
import JSON
import JSONRPC
import ServiceTesting
import StoreService
import Testing

@Suite("Follow")
struct FollowTests {
    let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    @Test(
        "gives every row once and in the order of committing while many agents send, and goes on from any cursor",
        arguments: DatabaseEngine.allCases
    )
    func resume(engine: DatabaseEngine) async throws {
        try await withStore(in: directory, on: engine) { store in
            let sent = 30 * 8 * 7
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<30 {
                    group.addTask {
                        let watch = Watch(targets: 2)
                        for second in 0..<8 {
                            let end = store.time.now.advanced(by: .seconds(-10 * second))
                            _ = try await store.client.call(.appendMeasurements, watch.batch(7, before: end))
                        }
                    }
                }
                // Meanwhile a follower breaks off after every third event and resumes where it was.
                var ids: [UUIDv7] = []
                var cursor = 0
                while ids.count < sent {
                    let stream = try await store.client.follow(.followMeasurements, FollowRequest(cursor: cursor))
                    #expect(stream.result.cursor == cursor)
                    for _ in 0..<3 where ids.count < sent {
                        let event = try #require(try await stream.next())
                        #expect(event.cursor == cursor + 1)
                        cursor = event.cursor
                        ids += event.batch.ids
                    }
                }
                try await group.waitForAll()
                #expect(ids.count == sent)
                #expect(Set(ids).count == sent)
                // What was read from memory is what the database gives, event by event.
                #expect(try await replay(store).flatMap(\.batch.ids) == ids)
            }
        }
        try await withStore(in: directory, on: engine) { store in
            let ids = try await replay(store).flatMap(\.batch.ids)
            #expect(Set(ids).count == 30 * 8 * 7)
        }
    }

    /// All events there are, from the first on.
    private func replay(_ store: StoreCase) async throws -> [MeasurementEvent] {
        let newest = try await store.client.follow(.followMeasurements, FollowRequest()).result.cursor
        let stream = try await store.client.follow(.followMeasurements, FollowRequest(cursor: 0))
        var events: [MeasurementEvent] = []
        while events.last?.cursor ?? 0 < newest { events.append(try #require(try await stream.next())) }
        return events
    }

    @Test(
        "gives the same event from memory and, after a restart, from the database",
        arguments: DatabaseEngine.allCases
    )
    func replayed(engine: DatabaseEngine) async throws {
        let watch = Watch(targets: 3)
        let time = ManualTime()
        let batch = watch.batch(
            (0..<10).map { (time.now.advanced(by: .seconds(-$0)), $0 % 4 == 0 ? nil : Double($0)) },
            metadata: #"{"ttl":57}"#
        )
        try await withStore(in: directory, on: engine, time: time) { store in
            _ = try await store.client.call(.appendMeasurements, batch)
            let live = try await replay(store)
            #expect(live == [MeasurementEvent(cursor: 1, batch: batch)])
        }
        try await withStore(in: directory, on: engine, time: time) { store in
            let stored = try await replay(store)
            #expect(stored == [MeasurementEvent(cursor: 1, batch: batch)])
        }
    }

    @Test("leaves out rows that had been stored before", arguments: DatabaseEngine.allCases)
    func duplicates(engine: DatabaseEngine) async throws {
        try await withStore(in: directory, on: engine) { store in
            let watch = Watch()
            var batch = watch.batch(3, before: store.time.now)
            _ = try await store.client.call(.appendMeasurements, batch)
            let new = watch.batch(2, before: store.time.now.advanced(by: .seconds(-60)))
            batch.columns.id[1] = new.columns.id[0]
            batch.columns.timestamp[1] = new.columns.timestamp[0]
            _ = try await store.client.call(.appendMeasurements, batch)
            _ = try await store.client.call(.appendMeasurements, batch)
            let events = try await replay(store)
            #expect(events.map(\.batch.count) == [3, 1])
            #expect(events.last?.batch.ids == [new.columns.id[0]])
        }
    }

    @Test(
        "begins with what comes from now on when no cursor is given, and says where that is",
        arguments: DatabaseEngine.allCases
    )
    func live(engine: DatabaseEngine) async throws {
        try await withStore(in: directory, on: engine) { store in
            let watch = Watch()
            _ = try await store.client.call(.appendMeasurements, watch.batch(3, before: store.time.now))
            let stream = try await store.client.follow(.followMeasurements, FollowRequest())
            #expect(stream.result.cursor == 1)
            let next = watch.batch(1, before: store.time.now.advanced(by: .seconds(-60)))
            _ = try await store.client.call(.appendMeasurements, next)
            let event = try #require(try await stream.next())
            #expect(event.cursor == 2)
            #expect(event.batch.ids == next.ids)
        }
    }

    @Test("gives only the rows of the targets asked for, and goes past the others", arguments: DatabaseEngine.allCases)
    func filter(engine: DatabaseEngine) async throws {
        try await withStore(in: directory, on: engine) { store in
            let (mine, other) = (Watch(targets: 3), Watch())
            let target = mine.series[1].targetID
            let request = FollowRequest(cursor: 0, targetIDs: [target])
            let stream = try await store.client.follow(.followMeasurements, request)
            let first = mine.batch(9, before: store.time.now)
            _ = try await store.client.call(.appendMeasurements, first)
            _ = try await store.client.call(.appendMeasurements, other.batch(4, before: store.time.now))
            let last = mine.batch(3, before: store.time.now.advanced(by: .seconds(-60)))
            _ = try await store.client.call(.appendMeasurements, last)
            let event = try #require(try await stream.next())
            #expect(event.cursor == 1)
            #expect(event.batch.series == [mine.series[1]])
            #expect(event.batch.ids == [1, 4, 7].map { first.ids[$0] })
            let next = try #require(try await stream.next())
            #expect(next.cursor == 3)
            #expect(next.batch.ids == [last.ids[1]])
        }
    }

    @Test("passes on a batch whose JSON has line breaks as one line", arguments: DatabaseEngine.allCases)
    func lineBreaks(engine: DatabaseEngine) async throws {
        try await withStore(in: directory, on: engine) { store in
            let batch = Watch().batch(2, before: store.time.now)
            var text = String(decoding: batch.json, as: UTF8.self)
            text = text.replacing(",\"series\"", with: ",\r\n \"series\"")
            _ = try await store.client.call(
                RPCMethod.appendMeasurements.descriptor,
                raw: Array(text.utf8)[...]
            )
            let stream = try await store.client.follow(.followMeasurements, FollowRequest(cursor: 0))
            #expect(try await stream.next()?.batch == batch)
        }
    }

    @Test("begins where the log begins when older events are gone", arguments: DatabaseEngine.allCases)
    func pruned(engine: DatabaseEngine) async throws {
        let time = ManualTime()
        let watch = Watch()
        try await withStore(in: directory, on: engine, time: time) { store in
            for _ in 0..<5 {
                _ = try await store.client.call(.appendMeasurements, watch.batch(1, before: time.now))
                time.advance(by: .seconds(10 * 3_600))
            }
        }
        // Pruning comes first after a start: two of five are older than 25 hours, and one is just that old.
        try await withStore(in: directory, on: engine, time: time) { store in
            var start = 0
            while start == 0 {
                start = try await store.client.follow(.followMeasurements, FollowRequest(cursor: 0)).result.cursor
                await pause()
            }
            #expect(start == 3)
            let stream = try await store.client.follow(.followMeasurements, FollowRequest(cursor: 0))
            #expect(try await stream.next()?.cursor == 4)
        }
        time.advance(by: .seconds(100 * 3_600))
        try await withStore(in: directory, on: engine, time: time) { store in
            while try await store.client.follow(.followMeasurements, FollowRequest(cursor: 0)).result.cursor < 4 {
                await pause()
            }
            _ = try await store.client.call(.appendMeasurements, watch.batch(1, before: time.now))
            let stream = try await store.client.follow(.followMeasurements, FollowRequest(cursor: 5))
            #expect(try await stream.next()?.cursor == 6)
        }
    }

    @Test(
        "refuses a cursor below zero, and takes one from the future for the newest",
        arguments: DatabaseEngine.allCases
    )
    func cursors(engine: DatabaseEngine) async throws {
        try await withStore(in: directory, on: engine) { store in
            let error = try await failure {
                try await store.client.follow(.followMeasurements, FollowRequest(cursor: -1))
            }
            #expect(error.code == .invalidParams)
            let stream = try await store.client.follow(.followMeasurements, FollowRequest(cursor: 1_000))
            #expect(stream.result.cursor == 0)
        }
    }

    @Test(
        "keeps nothing for a follower that does not read, and gives it everything later",
        arguments: DatabaseEngine.allCases
    )
    func slow(engine: DatabaseEngine) async throws {
        try await withStore(in: directory, on: engine) { store in
            let stream = try await store.client.follow(.followMeasurements, FollowRequest(cursor: 0))
            let watch = Watch(targets: 10)
            // More than stays in memory, so the follower has to go back to the database.
            let metadata = "\"\(String(repeating: "x", count: 2_000))\""
            for second in 0..<20 {
                let rows = (0..<200).map { index in
                    (store.time.now.advanced(by: .milliseconds(-1_000 * second - index)), Double?(1))
                }
                _ = try await store.client.call(.appendMeasurements, watch.batch(rows, metadata: metadata))
            }
            var count = 0
            for cursor in 1...20 {
                let event = try #require(try await stream.next())
                #expect(event.cursor == cursor)
                count += event.batch.count
            }
            #expect(count == 4_000)
        }
    }

    @Test("ends when the store stops", arguments: DatabaseEngine.allCases)
    func stop(engine: DatabaseEngine) async throws {
        try await withStore(in: directory, on: engine) { store in
            let stream = try await store.client.follow(.followMeasurements, FollowRequest())
            await store.store.drain()
            #expect(try await stream.next() == nil)
        }
    }
}
