import Contracts
import EventLoop
import Probing
import Testing

@Suite("ProbeScheduler")
struct ProbeSchedulerTests {
    /// Its thread ends with the process.
    private let loop: EventLoop

    init() throws {
        loop = try EventLoop(name: "scheduler")
        try loop.start()
    }

    @Test("runs what is due on its loop, at its time, until it is cancelled")
    func run() async {
        let loop = loop
        let (runs, feed) = AsyncStream.makeStream(of: (slot: Timestamp, now: Timestamp, isOnLoop: Bool).self)
        let scheduler = ProbeScheduler(on: loop) { due in
            feed.yield((due.slot, .now, loop.isCurrent))
        }
        await withDiscardingTaskGroup { group in
            group.addTask { await scheduler.run() }
            await scheduler.replace(
                [
                    CheckID(rawValue: "one"): ProbeGrid(every: .milliseconds(20)),
                    CheckID(rawValue: "two"): ProbeGrid(every: .milliseconds(50)),
                ],
                of: AgentID(rawValue: "a")
            )
            for await run in runs.prefix(10) {
                #expect(run.isOnLoop)
                #expect(run.slot <= run.now.advanced(by: .milliseconds(1)))
            }
            group.cancelAll()
        }
        #expect(await scheduler.runningCount == 0)
    }

    @Test("starts what waited for room as soon as there is some")
    func room() async {
        let (starts, feed) = AsyncStream.makeStream(of: CheckID.self)
        let scheduler = ProbeScheduler(on: loop, maximumConcurrency: 1) { due in
            feed.yield(due.check)
            await Task.yield()
        }
        let checks = Dictionary(
            uniqueKeysWithValues: (0..<20).map { (CheckID(rawValue: "\($0)"), ProbeGrid(every: .milliseconds(40))) }
        )
        await withDiscardingTaskGroup { group in
            group.addTask { await scheduler.run() }
            await scheduler.replace(checks, of: AgentID(rawValue: "a"))
            var seen: Set<CheckID> = []
            for await check in starts {
                seen.insert(check)
                if seen.count == checks.count { break }
            }
            group.cancelAll()
        }
    }
}
