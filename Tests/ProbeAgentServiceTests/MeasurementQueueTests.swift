import Contracts
import Testing

@testable import ProbeAgentService

@Suite("MeasurementQueue")
struct MeasurementQueueTests {
    private let agent = AgentID.make()

    private func series(_ name: String) -> MeasurementSeries {
        MeasurementSeries(
            checkID: CheckID(rawValue: name),
            targetID: TargetID(rawValue: "t"),
            target: name,
            type: .icmp
        )
    }

    private func row(_ number: Int, metadata: String = "{}") -> MeasurementRow {
        MeasurementRow(
            id: .make(),
            timestamp: Timestamp(microseconds: Int64(number)),
            latency: 1,
            status: .success,
            reason: .none,
            metadata: Array(metadata.utf8)
        )
    }

    @Test("hands out batches in the order in which rows came, each series once a batch")
    func order() throws {
        var queue = MeasurementQueue(maximumBytes: 1 << 20, batchRows: 3, origin: "node")
        for number in 0..<5 { _ = queue.append(row(number), of: series(number % 2 == 0 ? "even" : "odd"), by: agent) }
        let first = try #require(takeFirst(from: &queue))
        #expect(first.origin == "node")
        #expect(first.agentID == agent)
        #expect(first.columns.timestamp == [0, 1, 2])
        #expect(first.series.map(\.target) == ["even", "odd"])
        #expect(first.columns.series == [0, 1, 0])
        #expect(takeFirst(from: &queue)?.columns.timestamp == [3, 4])
        #expect(takeFirst(from: &queue) == nil)
        #expect(queue.rows == 0)
        #expect(queue.bytes == 0)
    }

    @Test("lets the oldest batches go when it is full, and hands them over")
    func full() {
        var queue = MeasurementQueue(maximumBytes: 10_000, batchRows: 10, origin: "node")
        var dropped = 0
        for number in 0..<1_000 {
            let hadRoom = queue.hasRoom
            let gone = queue.append(row(number), of: series("a"), by: agent).reduce(0) { $0 + $1.count }
            #expect(!hadRoom || gone == 0)
            dropped += gone
        }
        #expect(queue.bytes <= 10_000)
        #expect(dropped > 0)
        #expect(queue.rows + dropped == 1_000)
        #expect(takeFirst(from: &queue)?.columns.timestamp.first == Int64(dropped))
    }

    @Test("takes back what was taken, in its old place")
    func restore() {
        var queue = MeasurementQueue(maximumBytes: 1 << 20, batchRows: 10, origin: "node")
        for number in 0..<35 { _ = queue.append(row(number), of: series("a"), by: agent) }
        let (rows, bytes) = (queue.rows, queue.bytes)
        let taken = queue.takeFirst(bytes: bytes / 2)
        #expect(taken.count == 1)
        queue.restore(taken)
        #expect((queue.rows, queue.bytes) == (rows, bytes))
        let all = queue.takeFirst(bytes: .max)
        #expect(all.flatMap(\.columns.timestamp) == Array(0..<35))
        #expect(queue.bytes == 0)
    }

    @Test("starts another batch for another agent, and a series of its own for a renamed target")
    func changes() throws {
        var queue = MeasurementQueue(maximumBytes: 1 << 20, batchRows: 10, origin: "node")
        _ = queue.append(row(0), of: series("a"), by: agent)
        var renamed = series("a")
        renamed.target = "b"
        _ = queue.append(row(1), of: renamed, by: agent)
        _ = queue.append(row(2), of: renamed, by: .make())
        let first = try #require(takeFirst(from: &queue))
        #expect(first.series.map(\.target) == ["a", "b"])
        #expect(first.columns.series == [0, 1])
        #expect(takeFirst(from: &queue)?.count == 1)
    }

    @Test("closes a batch before it is larger than a store will read")
    func largeMetadata() {
        var queue = MeasurementQueue(maximumBytes: 1 << 26, batchRows: 1_500, origin: "node")
        let metadata = "\"" + String(repeating: "x", count: 4_000) + "\""
        for number in 0..<1_500 { _ = queue.append(row(number, metadata: metadata), of: series("a"), by: agent) }
        while let batch = takeFirst(from: &queue) { #expect(batch.columns.metadataBytes.count < 128 << 10) }
    }

    private func takeFirst(from queue: inout MeasurementQueue) -> MeasurementBatch? {
        queue.takeFirst(bytes: 1).first
    }
}
