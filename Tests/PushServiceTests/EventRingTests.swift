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
        var ring = EventRing(maximumBytes: 1 << 20, start: 10)
        #expect(ring.next(after: 10)?.event.cursor == nil)
        var cursor = 10
        var read: [Int] = []
        for next in 11...200 {
            ring.append(entry(next))
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

    @Test("keeps no more than its bytes, and says from where on it is whole")
    func bounded() {
        var ring = EventRing(maximumBytes: 1_000, start: 0)
        for cursor in 1...10_000 { ring.append(entry(cursor)) }
        #expect(ring.start == 9_990)
        #expect(ring.end == 10_000)
        #expect(ring.next(after: ring.start)?.event.cursor == 9_991)
        #expect(ring.next(after: 0)?.event.cursor == 9_991)
        #expect(ring.next(after: 10_000)?.event.cursor == nil)
    }

    @Test("keeps the newest event, however large")
    func oneLarge() {
        var ring = EventRing(maximumBytes: 1_000, start: 0)
        ring.append(entry(1))
        ring.append(entry(2, bytes: 5_000))
        #expect(ring.start == 1)
        #expect(ring.next(after: 1)?.event.cursor == 2)
    }

    @Test("is read by cursor though cursors have holes")
    func holes() {
        var ring = EventRing(maximumBytes: 1 << 20, start: 0)
        for cursor in [5, 9, 12] { ring.append(entry(cursor)) }
        #expect([0, 4, 5, 8, 9, 11].map { ring.next(after: $0)?.event.cursor } == [5, 5, 9, 9, 12, 12])
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
