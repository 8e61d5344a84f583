import EventLoop
import Glibc
import Lifecycle
import Observability
import Synchronization
import Testing

/// What services did, in its order.
private final class Journal: Sendable {
    private let lines = Latest<[String]>([])

    var all: [String] { lines.current.value }

    func add(_ line: String) { lines.update(lines.current.value + [line]) }

    func wait(for count: Int) async throws {
        var seen = -1
        while let next = try await lines.next(after: seen), next.value.count < count { seen = next.version }
    }
}

private struct Worker: Service {
    struct Failure: Error {}

    let name: String
    let journal: Journal
    var fails = false
    var returns = false
    var drainsForever = false
    /// Does not end, cancelled or not, before this is so.
    var stuck: Latest<Bool>?

    func run() async throws {
        journal.add("run \(name)")
        if fails { throw Failure() }
        if returns { return }
        await untilCancelled()
        while let stuck, !stuck.current.value { await Task.yield() }
        journal.add("end \(name)")
    }

    func drain() async {
        journal.add("drain \(name)")
        if drainsForever { await untilCancelled() }
    }
}

@Suite("Service group", .timeLimit(.minutes(5)), .serialized)
struct ServiceGroupTests {
    private let loop: EventLoop
    private let sink = MemorySink()

    init() throws {
        loop = try EventLoop(name: "lifecycle")
        try loop.start()
    }

    private func run(
        _ services: [any Service],
        grace: Duration = .seconds(10),
        patience: Duration = .seconds(60),
        giveUp: (@Sendable () -> Void)? = nil,
        signalWhen: (@Sendable () async throws -> Void)?
    ) async throws {
        let signals = try SignalWaiter([SIGUSR2])
        let log = Log(label: "test", sink: sink)
        let group = ServiceGroup(
            services,
            on: loop,
            shutdownOn: signals,
            gracePeriod: grace,
            patience: patience,
            log: log,
            giveUp: giveUp
        )
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await group.run() }
            if let signalWhen {
                try await signalWhen()
                kill(getpid(), SIGUSR2)
            }
            try await tasks.waitForAll()
        }
    }

    @Test("gives up on services that do not end")
    func stuck() async throws {
        let (journal, gate) = (Journal(), Latest(false))
        let services = [Worker(name: "a", journal: journal, stuck: gate), Worker(name: "b", journal: journal)]
        try await run(services, patience: .milliseconds(50), giveUp: { gate.update(true) }) {
            try await journal.wait(for: 2)
        }
        #expect(journal.all.suffix(2) == ["end b", "end a"])
        #expect(sink.lines.contains { $0.contains("do not end") })
    }

    @Test("starts in order, drains in the opposite one, and only then ends what runs")
    func order() async throws {
        let journal = Journal()
        let services = ["a", "b", "c"].map { Worker(name: $0, journal: journal) }
        try await run(services) { try await journal.wait(for: 3) }
        #expect(journal.all.prefix(6) == ["run a", "run b", "run c", "drain c", "drain b", "drain a"])
        #expect(journal.all.dropFirst(6).sorted() == ["end a", "end b", "end c"])
    }

    @Test("ends the others when one fails, and throws why")
    func failure() async throws {
        let journal = Journal()
        let services = [Worker(name: "a", journal: journal), Worker(name: "b", journal: journal, fails: true)]
        await #expect(throws: Worker.Failure.self) { try await run(services, signalWhen: nil) }
        #expect(journal.all.contains("drain a"))
        #expect(journal.all.last == "end a")
        #expect(sink.lines.filter { $0.contains("a service ended") }.count == 1)
    }

    @Test("takes a service that returns by itself for one that failed")
    func returned() async throws {
        let journal = Journal()
        let services = [Worker(name: "a", journal: journal, returns: true)]
        await #expect(throws: LifecycleError.self) { try await run(services, signalWhen: nil) }
    }

    @Test("waits for a drain no longer than the grace period")
    func grace() async throws {
        let journal = Journal()
        let services = [Worker(name: "a", journal: journal, drainsForever: true)]
        try await run(services, grace: .milliseconds(20)) { try await journal.wait(for: 1) }
        #expect(journal.all == ["run a", "drain a", "end a"])
        #expect(sink.lines.contains { $0.contains("grace period") })
    }
}

@Suite("Latest value", .timeLimit(.minutes(5)))
struct LatestTests {
    @Test("gives a late reader the newest value alone")
    func newest() async throws {
        let latest = Latest(0)
        for value in 1...5 { latest.update(value) }
        let next = try await latest.next(after: 0)
        #expect(next?.version == 5)
        #expect(next?.value == 5)
        latest.finish()
        #expect(try await latest.next(after: 0)?.version == nil)
    }

    @Test("wakes all who wait, and lets go of who is cancelled")
    func waiting() async throws {
        let latest = Latest("")
        try await withThrowingTaskGroup(of: String?.self) { group in
            for _ in 0..<20 { group.addTask { try await latest.next(after: 0)?.value } }
            while latest.waiterCount < 20 { await Task.yield() }
            latest.update("a")
            for try await value in group { #expect(value == "a") }
        }
        await withTaskGroup(of: Bool.self) { group in
            group.addTask { (try? await latest.next(after: 1)) == nil }
            while latest.waiterCount < 1 { await Task.yield() }
            group.cancelAll()
            for await isCancelled in group { #expect(isCancelled) }
        }
        #expect(latest.waiterCount == 0)
    }
}
