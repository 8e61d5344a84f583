import EventLoop
import Testing

@Suite("EventLoop")
final class EventLoopTests {
    let loop: EventLoop

    init() throws {
        loop = try EventLoop(name: "test")
        try loop.start()
    }

    deinit { loop.stop() }

    actor Counter {
        let loop: EventLoop
        private(set) var count = 0

        init(_ loop: EventLoop) { self.loop = loop }

        nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe loop.actorExecutor }

        func increment() { count += 1 }
        func isOnLoop() -> Bool { loop.isCurrent }
    }

    @Test("runs an actor's methods on its own thread, one at a time")
    func actorOnLoop() async {
        let counter = Counter(loop)
        await withDiscardingTaskGroup { group in
            for _ in 0..<1_000 { group.addTask { await counter.increment() } }
        }
        #expect(await counter.count == 1_000)
        #expect(await counter.isOnLoop())
    }

    @Test("keeps a task with its preference, and that task's children, on its thread")
    func taskOnLoop() async {
        let loop = loop
        await withTaskExecutorPreference(loop) {
            #expect(loop.isCurrent)
            await Task.yield()
            #expect(loop.isCurrent)
            async let child = loop.isCurrent
            #expect(await child)
        }
    }

    @Test("sleeps as long as asked, and wakes on the loop")
    func sleep() async throws {
        let clock = LoopClock(loop)
        let start = clock.now
        try await withTaskExecutorPreference(loop) { [loop] in
            try await clock.sleep(for: .milliseconds(20))
            #expect(loop.isCurrent)
        }
        #expect(start.duration(to: clock.now) >= .milliseconds(20))
    }

    @Test("is called from outside and wakes sleepers also when it is watchful")
    func watchful() async throws {
        let loop = try EventLoop(name: "watchful", watchfulness: .milliseconds(5))
        try loop.start()
        defer { loop.stop() }
        for pause in [0, 1, 20] {
            let slept = try await withTaskExecutorPreference(loop) {
                let clock = LoopClock(loop)
                let start = clock.now
                try await clock.sleep(for: .milliseconds(pause))
                return start.duration(to: clock.now)
            }
            #expect(slept >= .milliseconds(pause))
        }
    }

    @Test("ends a sleep as soon as its task is cancelled")
    func cancelledSleep() async {
        let clock = LoopClock(loop)
        await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await clock.sleep(for: .seconds(3_600)) }
            group.cancelAll()
            await #expect(throws: CancellationError.self) { try await group.next() }
        }
    }

    @Test("runs what is to be done at a turn's end after the calls of that turn")
    func turnEnd() async {
        let loop = loop
        let order = await withCheckedContinuation { continuation in
            loop.execute {
                let order = Order()
                loop.atTurnEnd {
                    order.steps.append("end")
                    continuation.resume(returning: order.steps)
                }
                order.steps.append("call")
            }
        }
        #expect(order == ["call", "end"])
    }

    final class Order { var steps: [String] = [] }

    /// Often enough for the loop to be done with a value before the thread that dropped it is.
    @Test("lets a bound value go on its loop, whoever drops it last")
    func loopBound() async {
        let loop = loop
        let places = await withTaskGroup(of: Bool.self) { group in
            for _ in 0..<2_000 {
                group.addTask {
                    await withCheckedContinuation { continuation in
                        let box = LoopBound(Canary { continuation.resume(returning: loop.isCurrent) }, on: loop)
                        _ = box
                    }
                }
            }
            return await group.reduce(into: [:]) { places, isOnLoop in places[isOnLoop, default: 0] += 1 }
        }
        #expect(places == [true: 2_000])
    }

    final class Canary {
        let gone: () -> Void

        init(_ gone: @escaping () -> Void) { self.gone = gone }

        deinit { gone() }
    }
}
