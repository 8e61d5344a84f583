import EventLoop
import Glibc
import TLS

/// What a protocol does on a channel.
protocol ChannelHandler: AnyObject {
    /// The channel is connected, and its TLS handshake is done.
    func channelEstablished()
    /// Throwing closes the channel.
    func channelReceived(_ bytes: Span<UInt8>) throws
    /// The peer will send no more.
    func channelFinished()
    /// The turn ends: write what there is to be sent, for as long as the channel `hasRoom`.
    func channelWillFlush()
    /// Called once; nothing follows.
    func channelClosed(_ error: (any Error)?)
}

/// A socket, with TLS on it or without, confined to one loop.
///
/// What is written within a turn is sent at its end, with as few system calls as can be.
final class Channel: ReadinessHandler, TimerHandler {
    private enum State {
        case connecting
        case handshaking
        case open
        case closed
    }

    let loop: EventLoop
    let limits: HTTPLimits
    let buffers: ChannelBuffers
    let tls: TLSSession?
    /// Held until the channel closes, and the handler holds the channel: closing is what ends both.
    var handler: (any ChannelHandler)?
    private let socket: FileDescriptor
    private var state: State
    private var interest: Readiness = []
    private var isPaused = false
    /// The peer will send no more.
    private var isReadOver = false
    private var isFlushScheduled = false
    private var closesWhenSent = false
    private var lingers = false
    /// Everything is sent, and what still comes is thrown away.
    private var isLingering = false
    /// Bytes for the socket, of which the first `sent` are gone.
    private var output: [UInt8] = []
    private var sent = 0
    private var timer: TimerToken?

    /// Takes over a connected socket, or one that is connecting.
    init(
        _ socket: consuming FileDescriptor,
        isConnecting: Bool,
        tls: TLSSession?,
        loop: EventLoop,
        limits: HTTPLimits,
        buffers: ChannelBuffers
    ) {
        self.socket = socket
        self.loop = loop
        self.limits = limits
        self.buffers = buffers
        self.tls = tls
        state = isConnecting ? .connecting : tls == nil ? .open : .handshaking
    }

    func start() throws {
        interest = state == .connecting ? .write : .read
        try loop.register(socket.number, for: interest, self)
        if state == .open { handler?.channelEstablished() } else { arm(limits.handshakeTimeout) }
    }

    var isClosed: Bool { state == .closed }

    /// Whether more may be written before the socket has taken what there is.
    var hasRoom: Bool { output.count - sent + (tls?.output.count ?? 0) < limits.socketBuffer }

    var peerAddress: String { (try? TCPSocket.peerAddress(of: socket))?.description ?? "" }

    /// Queues bytes; they are sent at the end of the turn.
    func write(_ bytes: Span<UInt8>) {
        guard state != .closed, !bytes.isEmpty else { return }
        guard let tls else {
            if output.isEmpty { output = buffers.takeSpare() }
            dropSent()
            unsafe bytes.withUnsafeBufferPointer { unsafe output.append(contentsOf: $0) }
            return scheduleFlush()
        }
        if tls.output.isEmpty { tls.output = buffers.takeSpare() }
        do {
            try tls.send(bytes)
            scheduleFlush()
        } catch {
            close(error)
        }
    }

    func scheduleFlush() {
        guard !isFlushScheduled, state != .closed else { return }
        isFlushScheduled = true
        loop.atTurnEnd { [self] in
            isFlushScheduled = false
            flush()
        }
    }

    /// Holds the peer back by no longer reading.
    func pauseReading() {
        isPaused = true
        updateInterest()
    }

    func resumeReading() {
        isPaused = false
        updateInterest()
    }

    /// Closes when everything written has been sent.
    ///
    /// With `lingering`, what the peer still sends is taken and thrown away for a while: closing at once would reset
    /// the connection, and the peer might never read the answer (RFC 9112, section 9.6).
    func closeWhenSent(lingering: Bool = false) {
        tls?.close()
        closesWhenSent = true
        lingers = lingering
        scheduleFlush()
    }

    func close(_ error: (any Error)?) {
        guard state != .closed else { return }
        state = .closed
        disarm()
        loop.unregister(socket.number)
        shutdown(socket.number, CInt(SHUT_RDWR))
        buffers.giveBack(&output)
        let handler = handler
        self.handler = nil
        handler?.channelClosed(error)
    }

    func ready(_ readiness: Readiness) {
        guard state != .closed else { return }
        if state == .connecting {
            guard finishConnecting() else { return }
        }
        if isPaused || isReadOver, !readiness.isDisjoint(with: [.hangUp, .error]) {
            return close(HTTPError(.connection, "the peer is gone"))
        }
        if readiness.contains(.write) { scheduleFlush() }
        if !readiness.isDisjoint(with: [.read, .hangUp, .error]) { receive() }
    }

    func timerFired(_ token: TimerToken) {
        timer = nil
        close(HTTPError(.timeout, state == .open ? "the peer does not read" : "the handshake took too long"))
    }

    private func finishConnecting() -> Bool {
        do {
            try TCPSocket.checkConnected(socket)
            state = tls == nil ? .open : .handshaking
            try tls?.start()
            updateInterest()
            scheduleFlush()
            if state == .open { established() }
            return true
        } catch {
            close(error)
            return false
        }
    }

    private func established() {
        disarm()
        state = .open
        handler?.channelEstablished()
    }

    /// Reads at most four buffers, so that one busy peer does not keep the others waiting.
    private func receive() {
        for _ in 0..<4 where state != .closed && !isPaused && !isReadOver {
            let count = unsafe recv(socket.number, buffers.received.baseAddress, buffers.received.count, 0)
            if count > 0, isLingering {
                continue
            } else if count > 0 {
                do {
                    try deliver(count)
                } catch {
                    flush()
                    close(error)
                }
                if unsafe count < buffers.received.count { break }
            } else if count == 0 {
                return finish()
            } else if errno == EINTR {
                continue
            } else if errno == EAGAIN {
                break
            } else {
                return close(HTTPError(.connection, SystemError(code: errno, message: "recv").description))
            }
        }
        if state != .closed { scheduleFlush() }
    }

    private func deliver(_ count: Int) throws {
        let bytes = unsafe UnsafeBufferPointer(rebasing: buffers.received[..<count]).span
        guard let tls else {
            try handler?.channelReceived(bytes)
            return
        }
        let wasEstablished = tls.isEstablished
        let isOpen = try tls.receive(bytes, scratch: buffers.plaintext) { plaintext in
            if state == .handshaking { established() }
            try handler?.channelReceived(plaintext)
        }
        if !wasEstablished, tls.isEstablished, state == .handshaking { established() }
        if !isOpen { finish() }
    }

    private func finish() {
        guard state == .open else { return close(HTTPError(.connection, "the peer closed during the handshake")) }
        isReadOver = true
        guard !isLingering else { return close(nil) }
        updateInterest()
        handler?.channelFinished()
    }

    private func flush() {
        guard state != .closed else { return }
        while true {
            if state == .open, !closesWhenSent { handler?.channelWillFlush() }
            takeCiphertext()
            guard sent < output.count else { break }
            guard sendOutput() else { return }
        }
        buffers.giveBack(&output)
        sent = 0
        if closesWhenSent { return lingers && !isReadOver ? linger() : close(nil) }
        if state == .open { disarm() }
        updateInterest()
    }

    private func linger() {
        guard !isLingering else { return }
        isLingering = true
        isPaused = false
        shutdown(socket.number, CInt(SHUT_WR))
        updateInterest()
        arm(limits.lingerTimeout)
    }

    /// Forgets what is sent: a peer that always lags a little never lets the output run empty.
    private func dropSent() {
        guard sent >= limits.writeBuffer else { return }
        output.removeFirst(sent)
        sent = 0
    }

    private func takeCiphertext() {
        guard let tls, !tls.output.isEmpty else { return }
        if output.isEmpty {
            swap(&output, &tls.output)
        } else {
            dropSent()
            output.append(contentsOf: tls.output)
            buffers.giveBack(&tls.output)
        }
    }

    /// Sends as much as the socket takes; `false` when it takes no more now.
    private func sendOutput() -> Bool {
        while sent < output.count {
            let count = unsafe output.withUnsafeBytes { bytes in
                unsafe Glibc.send(
                    socket.number,
                    bytes.baseAddress?.advanced(by: sent),
                    bytes.count - sent,
                    CInt(MSG_NOSIGNAL)
                )
            }
            if count >= 0 {
                sent += count
            } else if errno == EAGAIN {
                if state == .open, timer == nil { arm(limits.stallTimeout) }
                updateInterest()
                return false
            } else if errno != EINTR {
                close(HTTPError(.connection, SystemError(code: errno, message: "send").description))
                return false
            }
        }
        output.removeAll(keepingCapacity: true)
        sent = 0
        return true
    }

    private func updateInterest() {
        guard state != .closed, state != .connecting else { return }
        var wanted: Readiness = isPaused || isReadOver ? [] : .read
        if sent < output.count { wanted.insert(.write) }
        guard wanted != interest else { return }
        interest = wanted
        do {
            try loop.modify(socket.number, for: wanted)
        } catch {
            close(error)
        }
    }

    private func arm(_ timeout: Duration) {
        disarm()
        timer = loop.arm(self, afterNanoseconds: UInt64(timeout.inNanoseconds))
    }

    private func disarm() {
        if let timer { loop.disarm(timer) }
        timer = nil
    }
}
