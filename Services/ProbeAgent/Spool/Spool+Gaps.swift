import Contracts
import EventLoop
import Glibc
import Lifecycle
import Observability

extension Spool {
    private static let gapsFile = SealedFile<GapLedger>(name: "gaps", title: "sonde-gaps-1")

    /// Waits for a gap that the store is to be told of.
    ///
    /// Throws only `CancellationError`.
    func nextGap() async throws -> GapLedger.Entry {
        while true {
            let version = changes.current.version
            if let gap = gaps.entries.first { return gap }
            guard try await changes.next(after: version) != nil else { throw CancellationError() }
        }
    }

    /// The store knows of a gap as it was reported, or never will.
    func settle(_ gap: GapLedger.Entry) {
        gaps.settle(gap)
        saveGaps()
    }

    /// Notes that measurements are gone, in memory and on disk, before anything is done that makes them go.
    func lose(_ lost: LostRows, _ cause: Gap.Cause) {
        metrics.dropped(cause.rawValue).increment(by: lost.rows)
        if gaps.add(lost, cause) { log.warning("measurements are gone", ["cause": cause.rawValue]) }
        // A disk that fails is not asked for every row; what is known is written down when it is well again.
        if cause != .spoolFailed { saveGaps() }
        changes.update(())
    }

    func lose(_ batches: [MeasurementBatch], _ cause: Gap.Cause) {
        for lost in batches.compactMap(\.asLost) { lose(lost, cause) }
    }

    /// Takes up what an earlier process left.
    func readGaps(in folder: AgentFolder) {
        attempt {
            switch try Self.gapsFile.read(in: folder) {
            case .nothing: return
            case .value(let known): for entry in known.entries { gaps.resume(entry) }
            case .damaged(let file): log.error("the list of gaps is damaged and set aside", ["file": file])
            }
        }
    }

    func saveGaps() {
        guard let folder else { return }
        attempt { try Self.gapsFile.write(gaps, in: folder) }
    }

    /// Loses what is left in memory at the end of the process, and writes down gaps that a failing disk kept from it.
    func loseRest() {
        let rest = intake.take(bytes: .max)
        lose(rest, failure == nil ? .spoolFull : .spoolFailed)
        guard failure != nil, !gaps.entries.isEmpty else { return }
        do {
            guard let folder else { throw SystemError(code: ENOENT, message: settings.path) }
            try Self.gapsFile.write(gaps, in: folder)
        } catch {
            log.error(
                "the list of gaps cannot be written; the store may not be told of all that is gone",
                ["rows": "\(gaps.entries.reduce(0) { $0 + $1.rows })", "error": "\(error)"]
            )
        }
    }
}
