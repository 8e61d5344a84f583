import EventLoop
import Simulation
import Testing

@testable import Probing

@Suite("Path MTU")
struct PathMTUTests {
    /// A path that passes packets up to a size, and does to others what it says.
    private struct Pipe {
        var mtu: Int
        var interface = 9_000
        /// What routers recommend; `nil` when they are silent.
        var recommended: Int?
        var lost: (Int) -> Bool = { _ in false }
    }

    /// Runs a search against a pipe with a round trip of 10 ms; returns when it was over, in milliseconds.
    private func run(_ pipe: Pipe, isV4: Bool = true) -> (search: MTUSearch, milliseconds: UInt64) {
        var search = MTUSearch(isV4: isV4, timeout: 1_000_000_000, gap: 5_000_000)
        var now: UInt64 = 0
        var count = 0
        var due: [(time: UInt64, number: UInt16, passes: Bool)] = []
        while true {
            if let first = due.first, first.time <= now {
                due.removeFirst()
                if first.passes {
                    search.answered(first.number, roundTripNanoseconds: 10_000_000)
                } else {
                    search.tooBig(first.number, recommended: pipe.recommended ?? 0)
                }
                continue
            }
            switch search.step(at: now) {
            case .finished: return (search, now / 1_000_000)
            case .wait(let time): now = min(time, due.first?.time ?? time)
            case .send(let number, let size):
                count += 1
                if size > pipe.interface {
                    search.refused(number, largest: pipe.interface)
                } else if !pipe.lost(count), size <= pipe.mtu || pipe.recommended != nil {
                    due.append((now + 10_000_000, number, size <= pipe.mtu))
                }
            }
        }
    }

    @Test("is found to the byte where routers tell", arguments: [68, 576, 1_280, 1_399, 1_400, 1_500, 8_999, 9_000])
    func told(mtu: Int) {
        let (search, milliseconds) = run(Pipe(mtu: mtu, recommended: mtu))
        #expect(search.mtu == mtu)
        #expect(search.evidence == (mtu == 9_000 ? .interface : .notice))
        #expect(search.sent < 12 && milliseconds < 100)
    }

    @Test("is found where routers are silent", arguments: [68, 69, 577, 1_279, 1_400, 1_476, 1_500, 8_999])
    func silent(mtu: Int) {
        let (search, milliseconds) = run(Pipe(mtu: mtu))
        #expect(search.mtu == mtu)
        #expect(search.evidence == .silence)
        #expect(milliseconds < 6_000)
    }

    @Test("is found where routers recommend nonsense", arguments: [0, 1, 600, 1_399, 1_401, 5_000, 70_000])
    func lies(recommended: Int) {
        #expect(run(Pipe(mtu: 1_400, recommended: recommended)).search.mtu == 1_400)
    }

    @Test("is found where a fifth of all packets is lost", arguments: 0..<20)
    func lossy(seed: Int) {
        var state = UInt64(seed) &* 0x9e37_79b9_7f4a_7c15 | 1
        let lost = (0..<5_000).map { _ in
            state ^= state << 13
            state ^= state >> 7
            state ^= state << 17
            return state % 5 == 0
        }
        let pipe = Pipe(mtu: 1_400, recommended: seed % 2 == 0 ? 1_400 : nil, lost: { lost[$0] })
        #expect(run(pipe).search.mtu == 1_400)
    }

    @Test("of a target that does not answer is unknown, after a few timeouts")
    func dead() {
        let (search, milliseconds) = run(Pipe(mtu: 0))
        #expect(search.mtu == nil)
        #expect(milliseconds <= 5_000)
    }

    @Test(
        "is that of the network",
        .enabled(if: NetworkLoop.isPossible),
        arguments: [1_400, 1_499, 1_500],
        [false, true]
    )
    func real(mtu: Int, isV6: Bool) async throws {
        try await check(mtu: mtu, isV6: isV6, router: "", mtu == 1_500 ? .interface : .notice)
    }

    @Test("is that of a network with a black hole", .enabled(if: NetworkLoop.isPossible), arguments: [false, true])
    func blackHole(isV6: Bool) async throws {
        try await check(mtu: 1_400, isV6: isV6, router: "silent", .silence)
    }

    private func check(mtu: Int, isV6: Bool, router: String, _ evidence: PathMTU.Evidence) async throws {
        let text = """
            vantage here 10.0.0.2 fd00::2
            router r1 10.0.0.1 fd00::1 \(router)
            host web 10.0.4.10 fd04::10
            link here r1 latency 1ms
            link r1 web latency 2ms mtu \(mtu)
            """
        let found = try await CarriedPaths.run(text) { paths, loop in
            let engine = PathEngine(on: loop)
            defer { engine.close() }
            return try await engine.mtu(of: try #require(paths.address("web", isV6: isV6)))
        }
        #expect(found.bytes == mtu)
        #expect(found.evidence == evidence)
    }
}
