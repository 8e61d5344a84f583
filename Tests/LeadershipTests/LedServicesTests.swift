import Database
import Leadership
import Lifecycle
import Observability
import ServiceTesting
import Synchronization
import Testing

@Suite("Services that are led", .timeLimit(.minutes(2)))
struct LedServicesTests {
    /// Notes what becomes of it.
    private final class Worker: Service {
        let hasBegun = Gate()
        private let drained = Atomic(false)

        var isDrained: Bool { drained.load(ordering: .relaxed) }

        func run() async throws {
            hasBegun.open()
            await untilCancelled()
        }

        func drain() async { drained.store(true, ordering: .relaxed) }
    }

    @Test("run in one process, and in the next one when that ends")
    func handOver() async throws {
        let site = try LeadershipCase()
        let (first, second) = (try await site.open(), try await site.open())
        let (worker, heir) = (Worker(), Worker())
        let old = site.services(on: first, as: "a", worker)
        let (hasLooked, mayGoOn) = (Gate(), Gate())
        let clock = StepClock {
            hasLooked.open()
            await mayGoOn.wait()
        }
        let new = site.services(on: second, as: "b", heir, clock: clock)
        await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await old.run() }
            await worker.hasBegun.wait()
            #expect(old.isLeading)
            group.addTask { try await new.run() }
            await hasLooked.wait()
            #expect(!new.isLeading)
            await old.drain()
            #expect(worker.isDrained)
            mayGoOn.open()
            await heir.hasBegun.wait()
            #expect(new.isLeading)
            await new.drain()
            group.cancelAll()
            while (try? await group.next()) != nil {}
        }
        await first.close()
        await second.close()
    }

    @Test("end when another process leads")
    func lost() async throws {
        let site = try LeadershipCase()
        let (first, second) = (try await site.open(), try await site.open())
        let hasSuccessor = Gate()
        let worker = Worker()
        // It gives no sign of life before there is another one.
        let services = site.services(on: first, as: "a", worker, clock: StepClock { await hasSuccessor.wait() })
        await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await services.run() }
            await worker.hasBegun.wait()
            await #expect(throws: Never.self) { try await site.leadership(of: second, as: "b").campaign() }
            hasSuccessor.open()
            guard case .failure(let error) = await group.nextResult() else {
                Issue.record("it goes on")
                return
            }
            #expect(error is LeadershipLost)
        }
        await first.close()
        await second.close()
    }
}

extension LeadershipCase {
    fileprivate func services(
        on database: any Database,
        as holder: String,
        _ service: any Service,
        clock: any Clock<Duration> = ContinuousClock()
    ) -> LedServices {
        let leadership = leadership(of: database, as: holder, clock: clock)
        return LedServices(leadership, metrics: Metrics(), log: Log(label: "test", sink: MemorySink())) { _ in [service]
        }
    }
}
