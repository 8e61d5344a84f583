import EventLoop

/// A body that is written piece by piece, or a tunnel, on an HTTP/1.1 connection.
final class HTTP1Flow: ByteStream {
    enum Framing {
        case none
        case chunked
    }

    var isTunnel = false
    private let channel: Channel
    private let framing: Framing
    private var received: [UInt8] = []
    private var isEndReceived = false
    private var isFinished = false
    private var failure: HTTPError?
    private var reader: CheckedContinuation<[UInt8]?, any Error>?
    private var writer: CheckedContinuation<Void, any Error>?
    private var bound: LoopBound<HTTP1Flow>?

    init(_ channel: Channel, framing: Framing) {
        self.channel = channel
        self.framing = framing
        bound = LoopBound(self, on: channel.loop)
    }

    // MARK: Bytes in

    func received(_ bytes: Span<UInt8>) {
        unsafe bytes.withUnsafeBufferPointer { unsafe received.append(contentsOf: $0) }
        if received.count > channel.limits.writeBuffer { channel.pauseReading() }
        wakeReader()
    }

    func finished() {
        isEndReceived = true
        wakeReader()
    }

    func read() async throws -> [UInt8]? {
        guard received.isEmpty else { return takeReceived() }
        if let failure { throw failure }
        guard !isEndReceived else { return nil }
        precondition(reader == nil, "one task reads a stream at a time")
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                reader = continuation
                // Awaiting leads over the loop's queue: what is waited for may be there by now.
                wakeReader()
                wakeIfOver()
            }
        } onCancel: { [bound] in
            bound?.loop.execute { bound?.value.cancel() }
        }
    }

    private func takeReceived() -> [UInt8] {
        let bytes = received
        received = []
        channel.resumeReading()
        return bytes
    }

    private func wakeReader() {
        guard let reader else { return }
        guard !received.isEmpty || isEndReceived else { return }
        self.reader = nil
        reader.resume(returning: received.isEmpty ? nil : takeReceived())
    }

    // MARK: Bytes out

    func write(_ bytes: [UInt8]) async throws {
        if let failure { throw failure }
        guard !bytes.isEmpty else { return }
        if framing == .chunked {
            let size = Array((String(bytes.count, radix: 16) + "\r\n").utf8)
            channel.write(size.span)
        }
        channel.write(bytes.span)
        if framing == .chunked { channel.write([0x0d, 0x0a].span) }
        guard !channel.hasRoom else { return }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                writer = continuation
                roomMade(channel.hasRoom)
                wakeIfOver()
            }
        } onCancel: { [bound] in
            bound?.loop.execute { bound?.value.cancel() }
        }
    }

    func finish() {
        guard !isFinished, failure == nil else { return }
        isFinished = true
        if framing == .chunked { channel.write(Array("0\r\n\r\n".utf8).span) }
        if isTunnel { channel.closeWhenSent() }
    }

    /// Called at the end of each turn in which something was sent.
    func roomMade(_ hasRoom: Bool) {
        guard hasRoom, let writer else { return }
        self.writer = nil
        writer.resume()
    }

    // MARK: The end

    func fail(_ error: HTTPError) {
        failure = failure ?? error
        reader?.resume(throwing: error)
        reader = nil
        writer?.resume(throwing: error)
        writer = nil
        bound = nil
    }

    private func wakeIfOver() {
        if let failure { fail(failure) } else if Task.isCancelled { cancel() }
    }

    private func cancel() {
        reader?.resume(throwing: CancellationError())
        reader = nil
        writer?.resume(throwing: CancellationError())
        writer = nil
    }
}
