import CPostgres
import Glibc

/// One connection of libpq's, used on one thread, which waits for the server only as long as its job allows.
///
/// Calls and what they return: `PQsend…`, `PQconsumeInput`, `PQpipelineSync` and the modes 1, or 0 with words in
/// `PQerrorMessage`; `PQflush` 0, 1 when the socket is full, -1; `PQputCopyData` and `PQputCopyEnd` 1, 0 when the socket
/// is full, -1; `PQgetResult` nothing behind a command's last result.
@safe final class PostgresLink {
    let handle: OpaquePointer
    private let wakeUp: WakeUp
    private let canceller: PostgresCanceller
    private let stopTimeout: Duration

    /// Nothing more can be done with it.
    private(set) var isBroken = false
    /// How many commands of the last round trip were carried out.
    var completed = 0
    /// The job that is being worked on.
    private var stop: JobStop?
    /// A commit is left to end by itself: whoever stops it does not know what became of it.
    private var isCommitting = false
    /// Set once the server has been told to stop, or must answer soon for another reason.
    private var limit: ContinuousClock.Instant?
    private var cancellation: PostgresCancellation?

    /// Takes over a connection that is ready for use.
    init(_ handle: OpaquePointer, wakeUp: WakeUp, canceller: PostgresCanceller, stopTimeout: Duration) {
        unsafe self.handle = handle
        self.wakeUp = wakeUp
        self.canceller = canceller
        self.stopTimeout = stopTimeout
    }

    deinit { unsafe PQfinish(handle) }

    var isInTransaction: Bool { unsafe PQtransactionStatus(handle) != PQTRANS_IDLE }

    var serverVersion: Int { Int(unsafe PQserverVersion(handle)) }

    func start(_ stop: JobStop) {
        self.stop = stop
        isCommitting = false
        limit = nil
        cancellation = nil
    }

    /// Why the job should stop, if it should.
    var stopReason: (any Error)? { stop?.reason }

    func giveUp() { isBroken = true }

    func startCommit() { isCommitting = true }

    /// Prepares to undo what the job did, whatever it is that ended it: from here on nothing else stops the server.
    func startRollback() throws(DatabaseError) {
        stop = nil
        let end = limit ?? ContinuousClock.now + stopTimeout
        limit = end
        // A request to stop that is still under way must not hit what comes next.
        while let cancellation, !cancellation.isDone {
            guard ContinuousClock.now < end else { throw givenUp() }
            wakeUp.wait(until: end)
        }
    }

    /// Whether the server has closed the connection since it was used last.
    func isStale() -> Bool {
        while true {
            var events = [pollfd(fd: unsafe PQsocket(handle), events: Int16(POLLIN), revents: 0)]
            guard unsafe poll(&events, 1, 0) > 0 else { return isBroken }
            guard unsafe PQconsumeInput(handle) == 1, unsafe PQisBusy(handle) == 0,
                unsafe PQstatus(handle) == CONNECTION_OK
            else {
                isBroken = true
                return true
            }
        }
    }

    /// Checks the result of a call that sends.
    func check(_ result: CInt) throws(DatabaseError) {
        guard result == 1 else { throw lost() }
    }

    /// Hands everything that was sent to the kernel, and reads meanwhile, so that neither side waits for the other.
    func flush() throws(DatabaseError) {
        while true {
            switch unsafe PQflush(handle) {
            case 0: return
            case 1: if try wait(for: POLLIN | POLLOUT) & POLLIN != 0 { try consume() }
            default: throw lost()
            }
        }
    }

    /// The next result of a command; `nil` behind its last.
    func nextResult() throws(DatabaseError) -> PostgresResult? {
        while unsafe PQisBusy(handle) == 1 {
            _ = try wait(for: POLLIN)
            try consume()
        }
        guard let result = unsafe PQgetResult(handle) else {
            guard unsafe PQstatus(handle) == CONNECTION_OK else { throw lost() }
            return nil
        }
        let owned = unsafe PostgresResult(result)
        if let error = owned.error, error.sqlState?.endsSession ?? true {
            isBroken = true
            throw DatabaseError(.unavailable, error.message, cause: error.cause)
        }
        return owned
    }

    private func consume() throws(DatabaseError) {
        // What came before the end of the connection says why it ended, and is read first.
        guard unsafe PQconsumeInput(handle) == 1 || PQisBusy(handle) == 0 else { throw lost() }
    }

    /// Waits until the socket has one of `events`, and returns those it has.
    private func wait(for events: Int32) throws(DatabaseError) -> Int32 {
        while true {
            stopIfAsked()
            if let limit, ContinuousClock.now >= limit { throw givenUp() }
            let end = limit ?? stop?.deadline
            var descriptors = [
                pollfd(fd: unsafe PQsocket(handle), events: Int16(events), revents: 0),
                pollfd(fd: wakeUp.descriptor, events: Int16(POLLIN), revents: 0),
            ]
            let count = unsafe poll(&descriptors, 2, end?.pollMilliseconds ?? -1)
            if descriptors[1].revents != 0 { wakeUp.clear() }
            guard count >= 0, descriptors[0].revents != 0 else { continue }
            let found = Int32(descriptors[0].revents)
            // An error or an end is found by reading.
            return found & (POLLERR | POLLHUP | POLLNVAL) == 0 ? found : found | POLLIN
        }
    }

    private func stopIfAsked() {
        guard limit == nil, let stop, stop.reason != nil else { return }
        limit = ContinuousClock.now + stopTimeout
        if !isCommitting { cancellation = unsafe canceller.cancel(handle, wakeUp) }
    }

    private func givenUp() -> DatabaseError {
        isBroken = true
        return DatabaseError(.unavailable, "the database did not answer in time")
    }

    private func lost() -> DatabaseError {
        isBroken = true
        let reason = unsafe String(cString: PQerrorMessage(handle)).firstLine
        return DatabaseError(.unavailable, "the connection to the database was lost (\(reason))")
    }
}
