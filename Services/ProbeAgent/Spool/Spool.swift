package import Contracts
package import EventLoop
import Lifecycle
package import Observability
import Synchronization

/// Keeps measurements from when they are made until the store has acknowledged them, on disk, through restarts.
///
/// It lives on a thread of its own, so that nothing else waits for the disk. While the disk fails it goes on in memory,
/// within bounds, and tries again.
package actor Spool {
    /// How long measurements gather before they are written together.
    private static let linger = Duration.milliseconds(40)
    /// Rows of one record: what one damaged place on the disk may cost.
    private static let recordRows = 64
    /// How long rows wait for a store that is there before they count as left behind.
    private static let livePatience = Duration.seconds(10)

    nonisolated let intake: Intake
    nonisolated let metrics: SpoolMetrics
    /// Gets a new version when there may be something to read, or less to wait for.
    nonisolated let changes = Latest(())
    package nonisolated let loop: EventLoop
    let settings: SpoolSettings
    let log: Log
    var folder: AgentFolder?
    var segments: SegmentedLog?
    var lanes: Lanes?
    var gaps = GapLedger()
    /// Rows that are on their way to the store: of the disk, and the number of those in memory alone.
    var taken: [Range<Int>] = []
    var takenFromMemory = 0
    /// Why nothing can be written at the moment.
    var failure: SystemError?
    private var fullSince: ContinuousClock.Instant?

    package nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe loop.actorExecutor }

    /// Opens what is in the folder.
    ///
    /// Throws `SpoolInUse` when another agent has it; a folder that cannot be used is none of its errors.
    package static func open(_ settings: SpoolSettings, origin: String, log: Log, metrics: Metrics) async throws
        -> Spool
    {
        let loop = try EventLoop(name: "spool")
        try loop.start()
        let queue = MeasurementQueue(
            maximumBytes: settings.queueBytes,
            batchRows: recordRows,
            origin: origin
        )
        let spool = Spool(settings, Intake(queue), on: loop, log: log, metrics: SpoolMetrics(metrics))
        try await spool.open()
        spool.metrics.addGauges(of: spool, to: metrics)
        return spool
    }

    private init(_ settings: SpoolSettings, _ intake: Intake, on loop: EventLoop, log: Log, metrics: SpoolMetrics) {
        self.settings = settings
        self.intake = intake
        self.loop = loop
        self.log = log
        self.metrics = metrics
    }

    deinit { loop.stop() }

    /// Rows that the store has not acknowledged.
    package nonisolated var waiting: Int { metrics.snapshot.waiting + intake.rows }

    /// Writes what comes, until it is cancelled.
    func run() async throws {
        let clock = LoopClock(loop)
        var pause = Duration.milliseconds(100)
        while true {
            let version = intake.arrivals.current.version
            switch try writeSome() {
            case .nothing:
                guard try await intake.arrivals.next(after: version) != nil else { return }
            case .wrote:
                pause = .milliseconds(100)
                try await clock.sleep(for: Self.linger)
            case .full:
                try await clock.sleep(for: .milliseconds(20))
            case .failed:
                try await clock.sleep(for: pause)
                pause = min(pause * 2, .seconds(5))
            }
        }
    }

    /// Waits while there is no room in memory, but not for longer than is set.
    nonisolated func waitForRoom() async {
        let deadline = ContinuousClock.now.advanced(by: settings.wait)
        while !intake.hasRoom, ContinuousClock.now < deadline {
            guard (try? await LoopClock(loop).sleep(for: .milliseconds(20))) != nil else { return }
        }
    }

    /// Takes a measurement; the oldest ones in memory go when there is no room for it.
    package nonisolated func append(_ row: MeasurementRow, of series: MeasurementSeries, by agent: AgentID) {
        let dropped = intake.append(row, of: series, by: agent)
        guard !dropped.isEmpty else { return }
        loop.execute { self.assumeIsolated { $0.lose(dropped, .spoolFailed) } }
    }

    /// Waits for what a lane is to send next.
    ///
    /// Throws only `CancellationError`.
    package func next(_ lane: Lane) async throws -> SpooledBatch {
        while true {
            let version = changes.current.version
            if let batch = read(lane) { return batch }
            guard try await changes.next(after: version) != nil else { throw CancellationError() }
        }
    }

    /// To be called once for each batch: it is stored, or never will be.
    package func settle(_ spooled: SpooledBatch) {
        if let rows = spooled.rows {
            taken.removeAll { $0 == rows }
            attempt { try segments?.acknowledge(rows) }
        } else {
            takenFromMemory -= spooled.batch.count
        }
        publish()
    }

    /// Writes down everything that has come, as far as the disk takes it.
    package func flush() throws {
        while try writeSome() == .wrote {}
    }

    /// Waits until the store has everything.
    func untilEmpty() async throws {
        while true {
            let version = changes.current.version
            if waiting == 0 { return }
            guard try await changes.next(after: version) != nil else { return }
        }
    }

    /// Takes back a batch that was not sent and is not to be sent by this process; one on disk stays there.
    package func restore(_ spooled: SpooledBatch, unsent: MeasurementBatch) {
        if let rows = spooled.rows {
            taken.removeAll { $0 == rows }
        } else {
            takenFromMemory -= spooled.batch.count
            if unsent.count > 0 { intake.restore([unsent]) }
        }
        publish()
    }

    /// Writes down what there is, and lets the folder go; what the disk does not take is a gap.
    package func close() {
        attempt { try flush() }
        loseRest()
        segments = nil
        lanes = nil
        folder = nil
    }

    private enum Progress {
        case nothing, wrote, full, failed
    }

    private func writeSome() throws -> Progress {
        let batches = intake.take(bytes: 1 << 20)
        guard !batches.isEmpty else { return .nothing }
        let isWritten: Bool
        do {
            if segments == nil { try openFolder() }
            lanes?.willAppend(head: segments?.head ?? 0, now: .now)
            isWritten = try segments?.append(batches) ?? false
        } catch let error as SystemError {
            intake.restore(batches)
            note(error)
            publish()
            return .failed
        }
        guard isWritten else {
            intake.restore(batches)
            return makeRoom() ? .wrote : .full
        }
        fullSince = nil
        noteSuccess()
        metrics.kept.increment(by: batches.reduce(0) { $0 + $1.count })
        publish()
        return .wrote
    }

    /// Lets the oldest segment go when there was no room for long enough; returns whether there is some now.
    private func makeRoom() -> Bool {
        let now = ContinuousClock.now
        let since = fullSince ?? now
        if fullSince == nil { log.warning("the spool is full", ["bytes": "\(settings.bytes)"]) }
        fullSince = since
        guard since.duration(to: now) >= settings.wait, let segments, let oldest = segments.oldest(without: taken)
        else {
            return false
        }
        if let lost = segments.contents(of: oldest) { lose(lost, .spoolFull) }
        attempt { try segments.acknowledge(oldest.rows) }
        publish()
        return true
    }

    private func open() throws {
        do {
            try openFolder()
        } catch let error as SystemError {
            note(error)
        }
        publish()
    }

    private func openFolder() throws {
        let folder = try self.folder ?? AgentFolder(settings.path, isDurable: settings.durability == .power)
        self.folder = folder
        let segments = try SegmentedLog(in: folder, SegmentedLog.Limits(bytes: settings.bytes))
        self.segments = segments
        lanes = Lanes(
            waiting: segments.acknowledged.missing(in: 0..<segments.head),
            head: segments.head,
            liveRows: 2 * settings.batchRows,
            patience: Self.livePatience,
            now: .now
        )
        readGaps(in: folder)
        if segments.waiting > 0 { log.info("measurements of before wait to be sent", ["rows": "\(segments.waiting)"]) }
    }
}
