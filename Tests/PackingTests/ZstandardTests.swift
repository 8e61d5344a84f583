import Packing
import Testing

@Suite("Zstandard")
struct ZstandardTests {
    private let zstandard: Zstandard

    init() { zstandard = Zstandard(level: 3) }

    @Test("gives back what it was given", arguments: [0, 1, 1_000, 300_000])
    func roundTrip(count: Int) throws {
        let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 / 3) }
        let frame = try zstandard.frame(bytes)
        #expect(try zstandard.contents(of: frame, limit: count) == bytes)
        #expect(try zstandard.contents(of: frame[...], limit: count) == bytes)
        #expect(count < 300_000 || frame.count < count / 4)
    }

    @Test("serves many at once, at different levels and with damaged frames between")
    func together() async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for worker in 0..<16 {
                group.addTask {
                    let zstandard = Zstandard(level: 1 + worker % 4)
                    let bytes = (0..<20_000).map { UInt8(truncatingIfNeeded: $0 / (worker + 1)) }
                    for _ in 0..<20 {
                        let frame = try zstandard.frame(bytes)
                        #expect(throws: PackingError.self) {
                            try zstandard.contents(of: frame.dropLast(), limit: 1 << 20)
                        }
                        #expect(try zstandard.contents(of: frame, limit: bytes.count) == bytes)
                    }
                }
            }
            try await group.waitForAll()
        }
    }

    @Test("makes no more of a frame than is wanted")
    func limit() throws {
        let frame = try zstandard.frame(Array(repeating: 0, count: 1 << 24))
        #expect(frame.count < 4_096)
        #expect(throws: PackingError.self) { try zstandard.contents(of: frame, limit: 1 << 20) }
    }

    @Test("sees every bit that is not as it was")
    func damage() throws {
        let bytes = (0..<2_000).map { UInt8(truncatingIfNeeded: $0 &* 31 / 7) }
        let frame = try zstandard.frame(bytes)
        for index in frame.indices {
            var damaged = frame
            damaged[index] ^= 0x10
            let contents = try? zstandard.contents(of: damaged, limit: 1 << 20)
            #expect(contents == nil || contents == bytes, "byte \(index)")
            let cut = try? zstandard.contents(of: frame[..<index], limit: 1 << 20)
            #expect(cut == nil, "cut at \(index)")
        }
    }
}
