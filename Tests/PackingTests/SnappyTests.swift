import Packing
import Testing

@Suite("Snappy")
struct SnappyTests {
    @Test("gives back what it was given", arguments: [0, 1, 60, 100_000])
    func roundTrip(count: Int) throws {
        let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 / 7) }
        let block = try Snappy.block(bytes)
        #expect(try Snappy.contents(of: block, limit: count) == bytes)
        #expect(count < 100 || block.count < count / 3)
    }

    @Test("writes the format: the length, then literals and copies")
    func format() throws {
        #expect(try Snappy.block(Array("abc".utf8)) == [3, 2 << 2] + Array("abc".utf8))
    }

    @Test("refuses what is no block, or holds more than is wanted")
    func refusals() throws {
        let block = try Snappy.block([UInt8](repeating: 7, count: 1_000))
        #expect(throws: PackingError.self) { try Snappy.contents(of: block, limit: 999) }
        #expect(throws: PackingError.self) { try Snappy.contents(of: Array(block.dropLast()), limit: 1_000) }
        #expect(throws: PackingError.self) { try Snappy.contents(of: [], limit: 1_000) }
        #expect(throws: PackingError.self) { try Snappy.contents(of: [0xff, 0xff, 0xff, 0xff, 0xff, 0x7f], limit: 9) }
    }
}
