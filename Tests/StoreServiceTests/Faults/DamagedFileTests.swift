import Contracts
import Database
import Foundation
import JSONRPC
import Observability
import ServiceTesting
import StoreService
import Testing

@Suite("A store on a file that is damaged")
struct DamagedFileTests {
    let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    /// The files of a running store as they would be left by its process, were it killed now.
    private func killedCopy(_ name: String) throws -> TemporaryDirectory {
        let copy = try TemporaryDirectory()
        for end in ["", "-wal"] {
            try FileManager.default.copyItem(
                atPath: directory.path + "/store.db" + end,
                toPath: copy.path + "/store.db" + end
            )
        }
        return copy
    }

    private static func size(_ path: String) throws -> Int {
        try FileManager.default.attributesOfItem(atPath: path)[.size] as? Int ?? 0
    }

    /// Cuts a file off, or writes over what comes after.
    private static func tear(_ path: String, at offset: Int, garbling isGarbled: Bool) throws {
        let file = try #require(FileHandle(forUpdatingAtPath: path))
        defer { try? file.close() }
        let length = try size(path) - offset
        try file.truncate(atOffset: UInt64(offset))
        guard isGarbled else { return }
        try file.seekToEnd()
        try file.write(contentsOf: Data((0..<length).map { UInt8(truncatingIfNeeded: $0 &* 167 &+ offset) }))
    }

    @Test(
        "whose log is torn has all that was acknowledged before the tear, and nothing else",
        arguments: [true, false]
    )
    func torn(isGarbled: Bool) async throws {
        let time = ManualTime()
        let watch = Watch(targets: 2)
        // How long the log was when each batch had been acknowledged.
        var acknowledged: [(length: Int, batch: MeasurementBatch)] = []
        var copies: [(offset: Int, copy: TemporaryDirectory)] = []
        let (told, teller) = AsyncStream.makeStream(of: (length: Int, batch: MeasurementBatch).self)
        let (made, maker) = AsyncStream.makeStream(of: (offset: Int, copy: TemporaryDirectory).self)
        try await withStore(in: directory, time: time, configure: { $0.durability = .full }) { [self] store in
            let log = directory.path + "/store.db-wal"
            for number in 0..<12 {
                let batch = watch.batch(30, before: time.now.advanced(by: .seconds(-40 * number)))
                let receipt = try await store.client.call(.appendMeasurements, batch)
                #expect(receipt.durability == "full")
                teller.yield((try Self.size(log), batch))
            }
            let length = try Self.size(log)
            var random = SeededGenerator(seed: 7)
            for _ in 0..<5 {
                let offset = Int.random(in: length / 3..<length, using: &random)
                maker.yield((offset, try killedCopy("\(offset)")))
            }
        }
        teller.finish()
        maker.finish()
        for await one in told { acknowledged.append(one) }
        for await one in made { copies.append(one) }
        for (offset, copy) in copies {
            try Self.tear(copy.path + "/store.db-wal", at: offset, garbling: isGarbled)
            let before = acknowledged.filter { $0.length <= offset }.map(\.batch)
            let after = acknowledged.filter { $0.length > offset }.map(\.batch)
            try await withStore(in: copy, time: time) { store in
                let history = History()
                history.note(before, areAcknowledged: true)
                history.note(after, areAcknowledged: false)
                try await history.check(store)
                await history.sendAgain(to: store.client)
                try await history.check(store)
            }
        }
    }

    @Test("goes on without the log and the index of a store that has ended")
    func deleted() async throws {
        let (history, time) = (History(), ManualTime())
        let watch = Watch(targets: 2)
        for _ in 0..<3 {
            try await withStore(in: directory, time: time) { store in
                try await history.check(store)
                let isStored = await history.send(watch.batch(100, before: time.now), to: store.client)
                #expect(isStored)
                time.advance(by: .seconds(200))
            }
            for end in ["-wal", "-shm"] {
                try? FileManager.default.removeItem(atPath: directory.path + "/store.db\(end)")
            }
        }
    }

    @Test("whose pages of one series are damaged says so, serves none of them, and answers for the others")
    func damagedPage() async throws {
        let time = ManualTime()
        let watch = Watch(targets: 2)
        let path = directory.path + "/store.db"
        let clock = StandingClock()
        try await withStore(in: directory, time: time, clock: clock) { store in
            _ = try await store.client.call(.appendMeasurements, watch.batch(4_000, before: time.now))
            await clock.untilSleeping()
            clock.wake()
            await clock.untilSleeping()
        }
        try await Self.damageChunk(of: 1, in: path)
        let next = StandingClock()
        try await withStore(in: directory, time: time, clock: next) { store in
            func list(_ series: Int) async throws -> Int {
                let from = time.now.advanced(by: .seconds(-5_000))
                let filter = MeasurementFilter(targetID: watch.series[series].targetID, from: from, limit: 10_000)
                return try await store.client.call(.listMeasurements, filter).measurements.count
            }
            #expect(try await failure { try await list(0) }.code == .internalError)
            let rows = try await list(1)
            #expect(rows == 2_000)
            let report = try await StoreCheck.run(on: store.database, retention: RetentionSettings(), now: time.now)
            #expect(report.faults.contains { $0.contains("series 1") && $0.contains("its rows cannot be read") })
            #expect(!report.faults.contains { $0.contains("series 2") })
            // New rows are taken all the same, and go beside what is damaged, which is said once.
            for _ in 1...2 {
                let receipt = try await store.client.call(.appendMeasurements, watch.batch(20, before: time.now))
                #expect(receipt.stored == 20)
                await next.untilSleeping()
                next.wake()
                await next.untilSleeping()
                #expect(store.counts.contains("sonde_store_head_rows 0.0"))
            }
            #expect(store.log.lines.count { $0.contains("put rows beside chunks that cannot be read") } == 1)
            #expect(try await list(1) == 2_020)
            #expect(try await failure { try await list(0) }.code == .internalError)
            let after = try await StoreCheck.run(on: store.database, retention: RetentionSettings(), now: time.now)
            #expect(!after.faults.contains { $0.contains("series 2") })
        }
    }

    @Test("makes roll-ups again that cannot be read, once rows come that belong to them")
    func damagedRollups() async throws {
        let (time, clock, watch) = (ManualTime(), StandingClock(), Watch(targets: 2))
        try await withStore(in: directory, time: time, clock: clock) { store in
            func append(_ seconds: Int) async throws {
                let end = time.now.advanced(by: .seconds(-seconds))
                _ = try await store.client.call(.appendMeasurements, watch.batch(2_000, before: end))
                await clock.untilSleeping()
                clock.wake()
                await clock.untilSleeping()
            }
            try await append(2_000)
            _ = try await store.database.write { connection in
                try connection.execute("UPDATE rollup SET rollup = \([UInt8](repeating: 0xff, count: 3))")
            }
            try await append(0)
            // Together they are of all hours that were there, and of the day.
            try await append(4_000)
            #expect(store.log.lines.contains { $0.contains("made roll-ups again that could not be read") })
            let report = try await StoreCheck.run(on: store.database, retention: RetentionSettings(), now: time.now)
            #expect(report.faults == [])
            let span = SummaryFilter(from: time.now.advanced(by: .seconds(-86_400)), to: time.now)
            #expect(try await store.client.call(.summarizeMeasurements, span).overall.count == 6_000)
        }
    }

    @Test("is rid of damaged rows when they are too old, as of others")
    func oldDamage() async throws {
        let time = ManualTime()
        let watch = Watch(targets: 2)
        let path = directory.path + "/store.db"
        for isOld in [false, true] {
            let clock = StandingClock()
            try await withStore(in: directory, time: time, clock: clock) { store in
                if !isOld { _ = try await store.client.call(.appendMeasurements, watch.batch(4_000, before: time.now)) }
                await clock.untilSleeping()
                clock.wake()
                await clock.untilSleeping()
                let chunks: Int? = try await store.database.read { try $0.value("SELECT count(*) FROM chunk") }
                let isTold = store.log.lines.contains { $0.contains("removed old chunks that cannot be read") }
                #expect((chunks == 0, isTold) == (isOld, isOld))
                let report = try await StoreCheck.run(on: store.database, retention: RetentionSettings(), now: time.now)
                #expect(report.faults == [])
                guard !isOld else { return }
                _ = try await store.database.write { connection in
                    try connection.execute(
                        """
                        INSERT INTO minutes (day, series, tenant, rollups)
                        SELECT DISTINCT day, series, tenant, \([UInt8](0...9)) FROM chunk WHERE series = 2
                        """
                    )
                }
            }
            guard !isOld else { break }
            try await Self.damageChunk(of: 1, in: path)
            time.advance(by: .seconds(40 * 86_400))
        }
    }

    /// Changes one byte in the midst of a chunk, where the file has it.
    private static func damageChunk(of series: Int, in path: String) async throws {
        let database = try await SQLiteReadOnly.open(path)
        let blob = try await database.read { connection in
            try connection.first("SELECT numbers FROM chunk WHERE series = \(series) ORDER BY first DESC") { row in
                try row.blob(0)
            }
        }
        await database.close()
        let piece = Data(try #require(blob)[100..<200])
        var file = try Data(contentsOf: URL(filePath: path))
        let place = try #require(file.range(of: piece))
        file[place.lowerBound + 50] ^= 0x10
        try file.write(to: URL(filePath: path))
    }

    @Test("that has no room acknowledges nothing, and goes on when there is some")
    func full() async throws {
        let (history, time) = (History(), ManualTime())
        let watch = Watch(targets: 2)
        let clock = StandingClock()
        try await withStore(in: directory, time: time, clock: clock) { store in
            let pages: Int? = try await store.database.write { try $0.value("PRAGMA page_count") }
            let limit = try #require(pages) + 30
            _ = try await store.database.write { connection in
                try connection.value(SQL(trusted: "PRAGMA max_page_count = \(limit)"), as: Int.self)
            }
            var refused = 0
            for number in 0..<40 {
                let batch = watch.batch(100, before: time.now.advanced(by: .seconds(-100 * number)))
                if await !history.send(batch, to: store.client) { refused += 1 }
            }
            #expect(refused > 0 && history.acknowledgedCount > 0)
            await clock.untilSleeping()
            clock.wake()
            await clock.untilSleeping()
            try await history.check(store)
            _ = try await store.database.write { connection in
                try connection.value("PRAGMA max_page_count = 1000000", as: Int.self)
            }
            await history.sendAgain(to: store.client)
            clock.wake()
            await clock.untilSleeping()
            try await history.check(store)
        }
    }

    @Test("of a newer version is refused, with a line that says what to do")
    func newer() async throws {
        try await withStore(in: directory) { store in
            _ = try await store.database.write { connection in
                try connection.execute("INSERT INTO schema_migration VALUES (99, 'later', 0)")
            }
        }
        let error = await #expect(throws: DatabaseError.self) { try await withStore(in: directory) { _ in } }
        #expect(error?.code == .newerSchema)
        #expect(error?.message.hasSuffix("run a newer version") == true)
    }
}
