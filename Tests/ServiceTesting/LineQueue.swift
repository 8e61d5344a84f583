import JSONRPC
import Lifecycle
import Synchronization

/// Hands the lines of a stream from its producer to its reader one by one: the producer waits until one is taken.
final class LineQueue: RPCLineSink, Sendable {
    private struct State {
        var line: [UInt8]?
        var isFinished = false
        var failure: (any Error)?
        var reader: CheckedContinuation<Void, Never>?
        var producer: CheckedContinuation<Void, Never>?
    }

    private let state = Mutex(State())
    private let isLeft = Latest(false)

    /// Says that there is no reader any more.
    func leave() {
        finish()
        isLeft.update(true)
    }

    /// Returns when there is no reader any more.
    func untilLeft() async throws { _ = try await isLeft.next(after: 0) }

    func send(line: [UInt8]) async throws {
        let reader = state.withLock { state in
            state.line = line
            return state.reader.take()
        }
        reader?.resume()
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isTaken = state.withLock { state in
                    if state.line == nil || state.isFinished { return true }
                    state.producer = continuation
                    return false
                }
                if isTaken { continuation.resume() }
            }
        } onCancel: {
            finish()
        }
        try Task.checkCancellation()
        if state.withLock({ $0.isFinished }) { throw CancellationError() }
    }

    func finish(throwing failure: (any Error)? = nil) {
        let waiting = state.withLock { state in
            state.isFinished = true
            state.failure = failure
            return [state.reader.take(), state.producer.take()]
        }
        for continuation in waiting { continuation?.resume() }
    }

    func next() async throws -> [UInt8]? {
        while true {
            let (line, producer, isFinished) = state.withLock { state in
                (state.line.take(), state.producer.take(), state.isFinished)
            }
            producer?.resume()
            if let line { return line }
            if isFinished {
                if let failure = state.withLock({ $0.failure }) { throw failure }
                return nil
            }
            await withTaskCancellationHandler {
                await withCheckedContinuation { continuation in
                    let mayWait = state.withLock { state in
                        if state.line != nil || state.isFinished { return false }
                        state.reader = continuation
                        return true
                    }
                    if !mayWait { continuation.resume() }
                }
            } onCancel: {
                finish()
            }
            try Task.checkCancellation()
        }
    }
}

/// The reader's end of a stream; the stream ends with it.
final class LineQueueReader: RPCLineSource {
    private let queue: LineQueue

    init(_ queue: LineQueue) { self.queue = queue }

    deinit { queue.leave() }

    func next() async throws -> [UInt8]? { try await queue.next() }
}
