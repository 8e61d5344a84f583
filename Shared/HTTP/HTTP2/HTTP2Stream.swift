import CNghttp2
import EventLoop

/// One stream of an HTTP/2 connection, on either side.
///
/// It is either collecting (its body is handed over whole) or flowing (its bytes are read and written piece by piece).
@safe final class HTTP2Stream: ByteStream, TimerHandler {
    private(set) var id: Int32
    /// Its place among the open streams of its session.
    var slot = 0
    /// Held until the session drops the stream, when it closes.
    let session: HTTP2Session

    /// The head that came.
    var head = HTTP2Head()
    /// It was answered before its end; what still comes is dropped.
    var isRejected = false
    /// Its handler has ended.
    var isAnswered = false
    var isHeadComplete = false
    /// Its answer has no body.
    var isHeadRequest = false
    /// The fields of its answer are handed over.
    var keepsFields = true
    var isEndReceived = false

    /// Bytes that came and were not taken, with their windows still to be given back.
    var received: [UInt8] = []
    /// Bytes that count against the connection until they are taken.
    var held = 0
    var isFlowing = false
    /// Its body is written piece by piece.
    var isWriting = false
    /// Someone may look at it when it is over.
    private(set) var isHeld = false
    /// Someone has waited for a piece of it, and may do so still: looking at a checked continuation costs more than
    /// at a flag.
    private var isAwaited = false
    private var reader: CheckedContinuation<[UInt8]?, any Error>?

    /// Bytes to be sent, of which the first `sent` are gone.
    var output: [UInt8] = []
    var sent = 0
    /// When the stream began, and since when something waits to be sent, in nanoseconds of the loop's clock.
    private(set) var startedAt: UInt64
    var outputSince: UInt64 = 0
    var isOutputFinished = false
    private var writer: CheckedContinuation<Void, any Error>?

    /// Why it is over; set once.
    private(set) var failure: HTTPError?
    private(set) var isClosed = false
    var task: Task<Void, Never>?
    private var deadline: TimerToken?
    /// Waits for the whole answer, on the client's side; resumed once, with `nil` when it has not come soon.
    private var answerWaiter: UnsafeContinuation<Result<HTTPClientResponse, any Error>?, Never>?
    /// Waits for the head of a flowing answer, on the client's side.
    private var headWaiter: CheckedContinuation<HTTPClientResponse, any Error>?

    init(id: Int32, session: HTTP2Session) {
        self.id = id
        self.session = session
        startedAt = session.loop.now
    }

    /// Begins a new life as another stream: everything is as after `init`, but for the memory it has.
    func reuse(as id: Int32) {
        self.id = id
        startedAt = session.loop.now
        head.clear()
        keepsFields = true
        isRejected = false
        isAnswered = false
        isHeadComplete = false
        isHeadRequest = false
        isEndReceived = false
        received = []
        held = 0
        isAwaited = false
        output = []
        sent = 0
        isOutputFinished = false
        failure = nil
        isClosed = false
    }

    // MARK: Bytes in

    /// Takes bytes of a flowing stream; their window is given back when they are read.
    func append(_ bytes: Span<UInt8>) {
        unsafe bytes.withUnsafeBufferPointer { unsafe received.append(contentsOf: $0) }
        wakeReader()
    }

    func wakeReader() {
        guard isAwaited, let reader else { return }
        if !received.isEmpty {
            self.reader = nil
            reader.resume(returning: takeReceived())
        } else if isEndReceived || isClosed {
            self.reader = nil
            if let failure, !isEndReceived { reader.resume(throwing: failure) } else { reader.resume(returning: nil) }
        }
    }

    func read() async throws -> [UInt8]? {
        guard received.isEmpty else { return takeReceived() }
        if isEndReceived { return nil }
        if let failure { throw failure }
        if isClosed { return nil }
        precondition(reader == nil, "one task reads a stream at a time")
        isAwaited = true
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                assert(session.loop.isCurrent, "the task that reads a stream prefers the stream's loop")
                reader = continuation
                // Awaiting leads over the loop's queue: what is waited for may be there by now.
                if Task.isCancelled { cancelRead() } else { wakeReader() }
            }
        } onCancel: { [session = session.bound, id] in
            session.loop.execute { session.value.stream(id)?.cancelRead() }
        }
    }

    private func cancelRead() {
        reader?.resume(throwing: CancellationError())
        reader = nil
    }

    private func takeReceived() -> [UInt8] {
        let bytes = received
        received = []
        session.giveBack(bytes.count, of: self)
        return bytes
    }

    // MARK: Bytes out

    func write(_ bytes: [UInt8]) async throws {
        if let failure { throw failure }
        guard !isClosed, !isOutputFinished else { throw HTTPError(.reset, "the stream is closed") }
        if output.isEmpty { outputSince = session.loop.now }
        dropSent()
        output.append(contentsOf: bytes)
        session.resume(self)
        guard output.count - sent > session.limits.writeBuffer else { return }
        precondition(writer == nil, "one task writes a stream at a time")
        isAwaited = true
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                writer = continuation
                if Task.isCancelled { cancelWrite() }
                wakeIfClosed()
                wakeWriter()
            }
        } onCancel: { [session = session.bound, id] in
            session.loop.execute { session.value.stream(id)?.cancelWrite() }
        }
    }

    /// Forgets what is sent: a writer that is always a little ahead never lets the output run empty.
    private func dropSent() {
        guard sent >= session.limits.writeBuffer else { return }
        output.removeFirst(sent)
        sent = 0
    }

    private func cancelWrite() {
        writer?.resume(throwing: CancellationError())
        writer = nil
    }

    func finish() {
        guard !isOutputFinished, !isClosed else { return }
        isOutputFinished = true
        session.resume(self)
    }

    /// Moves bytes to a frame; `nil` when there are none yet, and 0 at the end.
    func copyOutput(to buffer: UnsafeMutablePointer<UInt8>, _ capacity: Int) -> Int? {
        let count = min(capacity, output.count - sent)
        guard count > 0 || isOutputFinished else { return nil }
        unsafe output.withUnsafeBufferPointer { output in
            guard let base = output.baseAddress else { return }
            unsafe buffer.update(from: base.advanced(by: sent), count: count)
        }
        sent += count
        if !isOutputSent { didSend() }
        return count
    }

    /// Whether everything that will ever be written has gone to the connection.
    var isOutputSent: Bool { isOutputFinished && sent == output.count }

    /// Called when the last bytes have gone to the connection.
    func didFinishSending() {
        // Not before: a reset overtakes what waits to be sent.
        if isRejected, !isEndReceived { session.reset(self, NGHTTP2_NO_ERROR) }
    }

    private func didSend() {
        if sent == output.count {
            output.removeAll(keepingCapacity: true)
            sent = 0
        }
        wakeWriter()
    }

    private func wakeWriter() {
        guard isAwaited, let writer, output.count - sent <= session.limits.writeBuffer / 2 else { return }
        self.writer = nil
        writer.resume()
    }

    // MARK: The end

    /// Ends the wait for an answer, on either side, when it has taken too long.
    func expire(after timeout: Duration) {
        deadline = session.loop.arm(self, afterNanoseconds: UInt64(max(0, timeout.inNanoseconds)))
    }

    func timerFired(_ token: TimerToken) {
        deadline = nil
        task?.cancel()
        if isPatient {
            losePatience()
        } else if unsafe answerWaiter != nil || headWaiter != nil {
            fail(HTTPError(.timeout, "no answer came in time"))
        }
    }

    /// Whether a call waits that does not notice yet when it is cancelled.
    var isPatient: Bool { unsafe answerWaiter != nil && !isHeld }

    func losePatience() {
        isHeld = true
        resume(with: nil)
    }

    private func fail(_ error: HTTPError) {
        session.reset(self, NGHTTP2_CANCEL)
        close(error)
    }

    /// Ends everything that waits for this stream.
    func close(_ error: HTTPError?) {
        guard !isClosed else { return }
        isClosed = true
        failure = error
        if let deadline { session.loop.disarm(deadline) }
        deadline = nil
        wakeIfClosed()
        task?.cancel()
        task = nil
    }

    /// Ends the waits of a stream that is over; also one that began when it was over already.
    func wakeIfClosed() {
        guard isClosed else { return }
        wakeIfAnswered()
        guard isAwaited else { return }
        wakeReader()
        guard writer != nil || headWaiter != nil else { return }
        let error = failure ?? HTTPError(.reset, "the stream is closed")
        writer?.resume(throwing: error)
        writer = nil
        headWaiter?.resume(throwing: error)
        headWaiter = nil
    }

    // MARK: The client's side

    /// Waits for the whole answer; throws `timeout` when it does not come in time.
    func answer(within timeout: Duration?) async throws -> HTTPClientResponse {
        if let timeout, timeout < PatienceWatch.latest { expire(after: timeout) } else { session.watchPatience() }
        let soon = await unsafe withUnsafeContinuation { continuation in
            unsafe answerWaiter = continuation
            wakeIfAnswered()
        }
        if let soon { return try soon.get() }
        // It may have ended since then.
        if let timeout, !isClosed { expire(after: timeout - .nanoseconds(session.loop.now - startedAt)) }
        let late = await withTaskCancellationHandler {
            await unsafe withUnsafeContinuation { continuation in
                unsafe answerWaiter = continuation
                wakeIfAnswered()
                if Task.isCancelled { cancelWait() }
            }
        } onCancel: { [bound = LoopBound(self, on: session.loop)] in
            bound.loop.execute { bound.value.cancelWait() }
        }
        return try (late ?? .failure(CancellationError())).get()
    }

    /// Waits for the head of an answer whose body flows.
    func answerHead() async throws -> HTTPClientResponse {
        isAwaited = true
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                headWaiter = continuation
                if Task.isCancelled { cancelWait() } else { wakeIfClosed() }
            }
        } onCancel: { [bound = LoopBound(self, on: session.loop)] in
            bound.loop.execute { bound.value.cancelWait() }
        }
    }

    private func cancelWait() {
        guard unsafe answerWaiter != nil || headWaiter != nil else { return }
        session.reset(self, NGHTTP2_CANCEL)
        resume(with: .failure(CancellationError()))
        headWaiter?.resume(throwing: CancellationError())
        headWaiter = nil
    }

    /// Hands on the answer if it is whole, or why it never will be.
    func wakeIfAnswered() {
        guard unsafe answerWaiter != nil else { return }
        // A reset that names no error ends an answer too early all the same.
        if isEndReceived, failure == nil {
            let body = received
            received = []
            let status = head.status
            let fields = keepsFields ? head.takeRequest().fields : HTTPFields()
            resume(with: .success(HTTPClientResponse(status: status, fields: fields, body: body)))
        } else if isClosed {
            resume(with: .failure(failure ?? HTTPError(.reset, "the stream ended before its answer")))
        }
    }

    private func resume(with answer: Result<HTTPClientResponse, any Error>?) {
        guard let waiter = unsafe answerWaiter else { return }
        unsafe answerWaiter = nil
        unsafe waiter.resume(returning: answer)
    }

    func wakeIfHeadReceived() {
        guard isAwaited, let headWaiter else { return }
        self.headWaiter = nil
        headWaiter.resume(
            returning: HTTPClientResponse(status: head.status, fields: head.request.fields, body: [])
        )
    }
}
