import Configuration
import Contracts
import Database
import ServiceTesting
import Testing

@testable import StoreService

@Suite("Stores that share a database")
struct ExportLeaseTests {
    @Test("send one at a time, and another one goes on when it is let, or after a while")
    func turns() async throws {
        let directory = try TemporaryDirectory()
        let database = try await openDatabase(of: directory, .postgres, StoreSettings(from: Environment()))
        try await database.migrate(schema)
        let (first, second) = (ExportLease(database, "otlp"), ExportLease(database, "otlp"))
        let other = ExportLease(database, "remote_write")
        let now = Timestamp(microseconds: 1_800_000_000_000_000)
        let later = { (seconds: Int) in now.advanced(by: .seconds(seconds)) }
        #expect(try await first.take(now, for: .seconds(130)))
        #expect(try await !second.take(later(1), for: .seconds(130)))
        #expect(try await other.take(later(1), for: .seconds(130)), "each destination has a lease of its own")
        #expect(try await first.take(later(60), for: .seconds(130)))
        #expect(try await !second.take(later(189), for: .seconds(130)))
        #expect(try await second.take(later(191), for: .seconds(130)))
        #expect(try await !first.take(later(192), for: .seconds(130)))
        try await first.release()
        #expect(try await !first.take(later(193), for: .seconds(130)), "it was not its own to release")
        try await second.release()
        #expect(try await first.take(later(194), for: .seconds(130)))
        await database.close()
    }
}
