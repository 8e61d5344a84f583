import Contracts
import Packing
import Testing

@testable import StoreService

@Suite("Chunks")
struct ChunkMergeTests {
    private let packer: RowPacker

    init() { packer = RowPacker(level: 1) }

    private static func rows(_ times: some Sequence<Int>) -> MeasurementColumns {
        var rows = MeasurementColumns()
        for time in times {
            rows.append(
                MeasurementRow(
                    id: UUIDv7(high: UInt64(time), low: UInt64(time)),
                    timestamp: Timestamp(microseconds: Int64(time)),
                    latency: 1,
                    status: .success,
                    reason: .none
                ),
                series: 1
            )
        }
        return rows.inOrderOfTime()
    }

    /// The chunks of one series and day, as the database would have them.
    private struct Day {
        var chunks: [Chunk] = []
        let packer: RowPacker
        var loads = 0

        mutating func add(_ times: some Sequence<Int>) throws {
            let merge = try ChunkMerge(ChunkMergeTests.rows(times), on: 0, into: chunks.map(\.place), packer) { place in
                loads += 1
                return chunks.first { $0.place == place }?.packed ?? PackedRows(numbers: [], metadata: [])
            }
            chunks.removeAll { merge.removed.contains($0.place) }
            chunks += merge.added
            chunks.sort { $0.place.first < $1.place.first }
        }

        func times() throws -> [Int] { try chunks.flatMap { try packer.unpack($0.packed).timestamp }.map(Int.init) }
    }

    private func check(_ day: Day, has times: some Sequence<Int>) throws {
        #expect(try day.times() == times.sorted())
        for chunk in day.chunks {
            let rows = try packer.unpack(chunk.packed)
            #expect(chunk.place.rows == rows.count && chunk.place.rows <= Chunk.maximumRows)
            #expect((chunk.place.first, chunk.place.last) == (rows.timestamp.first ?? 0, rows.timestamp.last ?? 0))
        }
        for (one, next) in zip(day.chunks, day.chunks.dropFirst()) { #expect(one.place.last < next.place.first) }
    }

    @Test("take what follows until they are full, and no other is read then")
    func following() throws {
        var day = Day(packer: packer)
        for start in stride(from: 0, to: 10_000, by: 100) { try day.add(start..<start + 100) }
        try check(day, has: 0..<10_000)
        #expect(day.chunks.count == 10)
        #expect(day.loads == 90)
    }

    @Test("have the rows of a day in order, whatever order they come in", arguments: 0..<10)
    func anyOrder(seed: Int) throws {
        var source = SeededGenerator(seed: UInt64(seed))
        let times = Array(0..<6_000).shuffled(using: &source)
        var day = Day(packer: packer)
        var rest = times[...]
        while !rest.isEmpty {
            let count = min(rest.count, .random(in: 1...900, using: &source))
            try day.add(rest.prefix(count))
            rest = rest.dropFirst(count)
            try check(day, has: times.prefix(times.count - rest.count))
        }
    }

    @Test("before and between full ones are new, and do not rewrite those")
    func gaps() throws {
        var day = Day(packer: packer)
        try day.add(100_000..<101_000)
        try day.add(300_000..<301_000)
        try day.add(200_000..<200_010)
        try day.add(0..<10)
        #expect(day.loads == 0)
        #expect(day.chunks.count == 4)
        try check(
            day,
            has: Array(0..<10) + Array(100_000..<101_000) + Array(200_000..<200_010) + Array(300_000..<301_000)
        )
    }

    @Test("keep rows of one time together, however many there are")
    func oneTime() throws {
        var day = Day(packer: packer)
        try day.add(0..<10)
        try day.add(repeatElement(50, count: 5_000))
        #expect(day.chunks.count == 1)
        #expect(try day.times().count == 5_010)
    }
}
