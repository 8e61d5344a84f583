import Contracts
import Testing

@Suite("Pacing")
struct PacingTests {
    /// When the checks of a target fire within an hour, for all agents, in microseconds.
    private func firings(_ pacings: [Pacing], agents: Int) -> [Int] {
        var times: [Int] = []
        for pacing in pacings {
            for agent in 0..<agents {
                let (interval, phase) = pacing.grid(ofAgent: agent)
                times += stride(from: phase % interval, to: 3_600_000_000, by: interval)
            }
        }
        return times.sorted()
    }

    @Test(
        "never lets two probes of a target come closer than its rate allows, whoever sends them",
        arguments: [(200, 50.0, [1_000]), (7, 3, [1_000, 2_500, 60_000]), (1, 0.5, [200]), (3, 1_000, [5_000, 200])]
    )
    func spacing(agents: Int, rate: Double, intervals: [Int]) {
        let pacings = intervals.enumerated().map { number, interval in
            Pacing(rate: rate, agents: agents, check: number, of: intervals.count, interval: interval * 1_000)
        }
        let times = firings(pacings, agents: agents)
        let gaps = zip(times, times.dropFirst()).map { $1 - $0 }
        #expect(gaps.allSatisfy { Double($0) >= 1_000_000 / rate })
        for (pacing, interval) in zip(pacings, intervals) {
            let cycle = pacing.slotMicroseconds * pacing.slotsPerCycle
            let fires = pacing.grid(ofAgent: 0).interval
            #expect(fires >= interval * 1_000)
            #expect(fires < interval * 1_000 + cycle)
        }
    }

    @Test("spreads agents evenly where the rate is all used")
    func even() {
        let pacing = Pacing(rate: 50, agents: 200, check: 0, of: 1, interval: 1_000_000)
        let times = firings([pacing], agents: 200)
        #expect(Set(zip(times, times.dropFirst()).map { $1 - $0 }) == [20_000])
        #expect(pacing.grid(ofAgent: 0).interval == 4_000_000)
    }
}
