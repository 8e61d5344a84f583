import Configuration
import Contracts
import Database
import Foundation
import JSONRPC
import ServiceTesting
import StoreService
import Testing

@Suite("A backup of a store's SQLite database")
struct UpkeepTests {
    let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    private var settings: StoreSettings {
        get throws { try StoreSettings(from: Environment()) }
    }

    private func ids(_ store: StoreCase) async throws -> Set<String> {
        let now = store.time.now
        let (from, to) = (now.advanced(by: .seconds(-86_400)), now.advanced(by: .seconds(86_400)))
        let filter = MeasurementFilter(from: from, to: to, limit: 10_000)
        return Set(try await store.client.call(.listMeasurements, filter).measurements.map(\.id.rawValue))
    }

    @Test("has what was acknowledged before it, though the store goes on, and comes back whole")
    func thereAndBack() async throws {
        let (path, file) = (directory.path + "/store.db", directory.path + "/backup.db")
        let settings = try settings
        let watch = Watch(targets: 2)
        try await withStore(in: directory) { store in
            let before = watch.batch(500, before: store.time.now)
            let after = watch.batch(10, before: store.time.now.advanced(by: .seconds(60)))
            _ = try await store.client.call(.appendMeasurements, before)
            let backup = try await Upkeep.backUp(path, to: file, settings)
            #expect(backup.faults == [])
            _ = try await store.client.call(.appendMeasurements, after)
            #expect(try await ids(store).count == 510)
            await #expect(throws: UpkeepError.self) { try await Upkeep.backUp(path, to: file, settings) }
            // A store that runs keeps its database.
            await #expect(throws: DatabaseError.self) {
                try await Upkeep.restore(file, to: path, isForced: true, settings)
            }
        }
        let mode = try FileManager.default.attributesOfItem(atPath: file)[.posixPermissions] as? Int
        #expect(mode == 0o600)
        await #expect(throws: UpkeepError.self) { try await Upkeep.restore(file, to: path, isForced: false, settings) }
        #expect(try await Upkeep.restore(file, to: path, isForced: true, settings).faultCount == 0)
        try await withStore(in: directory) { store in
            let restored = try await ids(store)
            #expect(restored.count == 500)
            let batch = watch.batch(1, before: store.time.now)
            #expect(try await store.client.call(.appendMeasurements, batch).stored == 1)
        }
    }

    @Test("takes the place of a database whose process was killed, and of its log")
    func overKilled() async throws {
        let (path, file) = (directory.path + "/store.db", directory.path + "/backup.db")
        let killed = directory.path + "/killed/store.db"
        let settings = try settings
        try FileManager.default.createDirectory(atPath: directory.path + "/killed", withIntermediateDirectories: true)
        // Nothing is moved into chunks, however long this takes.
        try await withStore(in: directory, clock: StandingClock()) { store in
            let watch = Watch()
            _ = try await store.client.call(.appendMeasurements, watch.batch(100, before: store.time.now))
            _ = try await Upkeep.backUp(path, to: file, settings)
            _ = try await store.client.call(.appendMeasurements, watch.batch(100, before: store.time.now))
            for end in ["", "-wal"] { try FileManager.default.copyItem(atPath: path + end, toPath: killed + end) }
        }
        #expect(try await Upkeep.check(.sqlite(path: killed), settings).waitingRows == 200)
        #expect(try await Upkeep.restore(file, to: killed, isForced: true, settings).faultCount == 0)
        let report = try await Upkeep.check(.sqlite(path: killed), settings)
        #expect((report.waitingRows, report.faults) == (100, []))
    }

    @Test("is not restored with a fault in it")
    func faulty() async throws {
        let (path, file) = (directory.path + "/store.db", directory.path + "/backup.db")
        let settings = try settings
        try await withStore(in: directory) { _ in _ = try await Upkeep.backUp(path, to: file, settings) }
        let database = try await SQLiteDatabase.open(file)
        _ = try await database.write { try $0.execute("INSERT INTO rollup VALUES (3600, 1, 0, 'default', x'00')") }
        await database.close()
        let new = directory.path + "/new/store.db"
        #expect(try await Upkeep.restore(file, to: new, isForced: false, settings).faultCount == 1)
        #expect(!FileManager.default.fileExists(atPath: new))
    }
}
