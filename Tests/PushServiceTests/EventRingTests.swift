import Contracts
import Testing

@testable import PushService

@Suite("Event ring")
struct EventRingTests {
    private func entry(_ cursor: Int, bytes: Int = 100) -> EventRing.Entry {
        let batch = MeasurementBatch(agentID: .make(), origin: "", series: [], columns: MeasurementColumns())
        let event = MeasurementEvent(cursor: cursor, batch: batch)
        return EventRing.Entry(event: event, notification: [UInt8](repeating: 0, count: bytes))
    }

    @Test("hands out every event after a cursor once, in order, while others come")
    func resume() {
        var ring = EventRing(start: 10)
        #expect(ring.next(after: 10)?.event.cursor == nil)
        var cursor = 10
        var read: [Int] = []
        for next in 11...200 {
            _ = ring.append(entry(next))
            guard next % 3 == 0 else { continue }
            while let found = ring.next(after: cursor) {
                cursor = found.event.cursor
                read.append(cursor)
            }
        }
        while let found = ring.next(after: cursor) {
            cursor = found.event.cursor
            read.append(cursor)
        }
        #expect(read == Array(11...200))
    }

    @Test("takes no event twice, and says from where on it is whole")
    func bounded() {
        var ring = EventRing(start: 0)
        for cursor in 1...10_000 { _ = ring.append(entry(cursor)) }
        let bytes = (1...9_990).reduce(0) { sum, _ in sum + ring.removeFirst() }
        #expect(bytes == 999_000)
        let isTakenAgain = ring.append(entry(10_000))
        #expect(!isTakenAgain)
        #expect((ring.start, ring.end) == (9_990, 10_000))
        #expect(ring.next(after: ring.start)?.event.cursor == 9_991)
        #expect(ring.next(after: 0)?.event.cursor == 9_991)
        #expect(ring.next(after: 10_000)?.event.cursor == nil)
    }
}

@Suite("Event rings")
struct EventRingsTests {
    private let tenants = ["a", "b", "c"].map(TenantID.init(rawValue:))

    private func entry(_ cursor: Int, bytes: Int = 100) -> EventRing.Entry {
        let batch = MeasurementBatch(agentID: .make(), origin: "", series: [], columns: MeasurementColumns())
        let event = MeasurementEvent(cursor: cursor, batch: batch)
        return EventRing.Entry(event: event, notification: [UInt8](repeating: 0, count: bytes))
    }

    @Test("keep no more than their bytes of all tenants together, the newest")
    func bounded() {
        var rings = EventRings(maximumBytes: 1_000)
        for cursor in 1...10_000 { for tenant in tenants.prefix(2) { rings.append(entry(cursor), of: tenant) } }
        for tenant in tenants.prefix(2) {
            #expect(rings.range(of: tenant)?.start == 9_995)
            #expect(rings.next(of: tenant, after: 0)?.event.cursor == 9_996)
        }
        #expect(rings.range(of: tenants[2]) == nil)
    }

    @Test("keep the newest event, however large")
    func oneLarge() {
        var rings = EventRings(maximumBytes: 1_000)
        rings.append(entry(1), of: tenants[0])
        rings.append(entry(7, bytes: 5_000), of: tenants[1])
        #expect(rings.range(of: tenants[0])?.start == 1)
        #expect(rings.next(of: tenants[1], after: 6)?.event.cursor == 7)
    }

    @Test("begin before the first event that comes, or where they are told to, whichever is first")
    func begin() {
        var rings = EventRings(maximumBytes: 1_000)
        rings.append(entry(5), of: tenants[0])
        rings.begin(tenants[0], after: 4)
        #expect(rings.range(of: tenants[0]).map { [$0.start, $0.end] } == [4, 5])
        rings.begin(tenants[1], after: 9)
        rings.append(entry(9), of: tenants[1])
        #expect(rings.range(of: tenants[1]).map { [$0.start, $0.end] } == [9, 9])
    }
}

@Suite("Filter of a subscription")
struct FilterTests {
    @Test("keeps the rows of the targets that are asked for, and nothing of the others")
    func filter() throws {
        let (mine, theirs) = (TargetID.make(), TargetID.make())
        let series = [mine, theirs].map {
            MeasurementSeries(checkID: .make(), targetID: $0, target: "\($0)", type: .icmp)
        }
        var columns = MeasurementColumns()
        for (index, place) in [1, 0, 1, 0].enumerated() {
            columns.append(
                MeasurementRow(
                    id: .make(),
                    timestamp: Timestamp(microseconds: Int64(index)),
                    latency: Double(index),
                    status: .success,
                    reason: .none,
                    metadata: Array("{}".utf8)
                ),
                series: place
            )
        }
        let batch = MeasurementBatch(agentID: .make(), origin: "here", series: series, columns: columns)
        let filtered = try #require(batch.filtered(to: [mine]))
        #expect(filtered.series.map(\.targetID) == [mine])
        #expect(filtered.columns.series == [0, 0])
        #expect(filtered.columns.latency == [1, 3])
        #expect(batch.filtered(to: [.make()])?.count == nil)
        #expect(batch.filtered(to: [mine, theirs])?.columns.latency == [0, 1, 2, 3])
        #expect(batch.filtered(to: [])?.count == nil)
    }
}
