import Contracts
import Database
import EventLoop
import Observability
import ServiceTesting

@testable import StoreService

/// An exporter that sends to a receiver, with time that stands still but for the test.
struct TelemetryCase: Sendable {
    let store = TotalsCase()
    let clock = StandingClock(loops: 1)
    let metrics = Metrics()
    let log = MemorySink()
    /// The series that every row is of.
    let series: Int

    init() {
        series = store.add()
        // Minutes are sent so much later.
        store.time.advance(by: ProbeTotals.grace)
    }

    /// The lines of the metrics page.
    var counts: Set<Substring> { Set(String(decoding: metrics.text(), as: UTF8.self).split(separator: "\n")) }

    func lines(of message: String) -> Int { log.lines.count { $0.contains(message) } }

    /// One row comes, and a minute goes by after which it is to be sent.
    func minute() async {
        await rowAndThen(.seconds(60))
    }

    func rowAndThen(_ time: Duration) async {
        store.take([series])
        await clock.untilSleeping()
        store.time.advance(by: time)
        clock.wake()
        await clock.untilSleeping()
    }

    /// Waits for something, and lets whoever sleeps meanwhile go on.
    func until(_ isDone: () -> Bool) async {
        while !isDone() {
            clock.wake()
            await pause()
        }
    }

    /// Runs the exporter for as long as `body` does.
    func run(
        _ form: TelemetryForm = .remoteWrite,
        to url: String,
        every interval: Duration = .seconds(60),
        configure: (inout TelemetrySettings) -> Void = { _ in },
        _ body: @escaping @Sendable (TelemetryCase) async throws -> Void
    ) async throws {
        let directory = try TemporaryDirectory()
        let database = try await SQLiteDatabase.open(directory.path + "/x.db", SQLiteSettings(durability: .normal))
        var settings = TelemetrySettings()
        configure(&settings)
        let loop = try EventLoop(name: "exports")
        try loop.start()
        let time = store.time
        var destination = TelemetrySettings.Destination(url: url)
        destination.interval = interval
        let exporter = TelemetryExporter(
            form,
            to: destination,
            settings,
            store.totals,
            Lease(database, form.rawValue),
            await TelemetrySender.open(on: loop),
            clock: clock,
            now: { time.now },
            log: Log(label: "test", sink: log),
            metrics: metrics
        )
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await exporter.run() }
            await clock.untilSleeping()
            try await body(self)
            group.cancelAll()
            while (try? await group.next()) != nil {}
        }
        await database.close()
    }
}
