import Contracts
import Database
import JSON
import JSONRPC
import Lifecycle
import Observability
import Synchronization

/// Keeps a row of every call that was to change something, written in batches behind the answers.
///
/// A call is let through only while there is room for its row, and an orderly stop writes what waits. What waits when the
/// process is killed is lost.
final class AuditTrail: RPCWitness {
    private static let maximumBatch = 500
    private static let retryPause = Duration.seconds(1)

    private let book: AuditBook
    private let maximumWaiting: Int
    private let log: Log
    private let waiting = Mutex<[AuditRecord]>([])
    private let signal = Latest(())
    private let written = Latest(())
    private let now: @Sendable () -> Timestamp

    init(
        _ book: AuditBook,
        maximumWaiting: Int,
        log: Log,
        now: @escaping @Sendable () -> Timestamp = { .now }
    ) {
        self.book = book
        self.maximumWaiting = maximumWaiting
        self.log = log
        self.now = now
    }

    var waitingCount: Int { waiting.withLock { $0.count } }

    /// Throws `busy` when there is no room for the row of one more call.
    func reserve(_ method: RPCDescriptor) throws(RPCError) {
        guard !method.isRead, waitingCount >= maximumWaiting else { return }
        throw RPCError(.busy, "the audit log is behind", data: ["retry_after_ms": 1_000])
    }

    func answered(_ call: AnsweredCall) {
        guard call.method.isRecorded(call.error) else { return }
        let record = AuditRecord(call, by: Visit.current, at: now())
        waiting.withLock { waiting in
            // Those who were refused need no reservation, and must not fill the memory either.
            guard waiting.count < maximumWaiting * 2 else { return }
            waiting.append(record)
        }
        signal.update(())
    }

    /// Writes until it is cancelled; to be run once.
    func run(pausing pause: @Sendable (Duration) async throws -> Void) async throws {
        var version = 0
        while let next = try await signal.next(after: version) {
            version = next.version
            do {
                try await flush()
            } catch let error as DatabaseError {
                log.error("cannot write the audit log", ["error": "\(error)"])
                try await pause(Self.retryPause)
                signal.update(())
            }
        }
    }

    /// Waits until nothing waits to be written any more.
    func drain() async {
        var version = -1
        while waitingCount > 0, let next = try? await written.next(after: version) { version = next.version }
    }

    private func flush() async throws {
        while true {
            let batch = waiting.withLock { Array($0.prefix(Self.maximumBatch)) }
            guard !batch.isEmpty else { return }
            try await book.append(batch)
            waiting.withLock { $0.removeFirst(batch.count) }
            written.update(())
        }
    }
}

extension RPCDescriptor {
    /// Sessions are renewed every few minutes, which is worth a row only when it is refused.
    fileprivate func isRecorded(_ error: RPCError?) -> Bool {
        guard !isRead else { return false }
        return error != nil || name != "auth.refresh"
    }
}
