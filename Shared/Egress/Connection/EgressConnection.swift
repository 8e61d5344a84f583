public import EventLoop
import Glibc
public import TLS

/// One connection to one checked address: connects, may shake hands, may say something, and closes.
public struct EgressConnection: Sendable {
    public struct Report: Sendable {
        /// Of all phases but the resolution, with `total` from the start of the connection.
        public var times: EgressTimes
        /// What the server showed over TLS.
        public var inspection: PeerInspection?
    }

    let address: SocketAddress
    let context: TLSContext?
    /// The name to ask for over TLS, and that the certificate is looked at for.
    let serverName: String
    /// Whether a certificate that is not trusted ends the connection, before anything is said.
    let requiresTrust: Bool
    /// Seconds since 1970 at which certificates must hold; `nil`: now.
    let time: Int64?

    /// Without a context there is no TLS.
    public init(
        address: SocketAddress,
        context: TLSContext?,
        serverName: String,
        requiresTrust: Bool = false,
        time: Int64? = nil
    ) {
        self.address = address
        self.context = context
        self.serverName = serverName
        self.requiresTrust = requiresTrust
        self.time = time
    }

    /// What happens on the connection when somebody else makes it, and looks at what the server shows; `now` is in
    /// nanoseconds of a clock that never goes back.
    public func phases(now: @escaping () -> UInt64) throws(EgressError) -> ConnectionPhases {
        try ConnectionPhases(self, nil, now: now)
    }

    /// Connects, and looks at what the server shows.
    ///
    /// To be called on `loop`, with an address that a gate let through.
    ///
    /// Throws `EgressError` with `refused`, `unreachable`, `reset`, `timeout`, `tls`, `certificate`, `permission`,
    /// `cancelled` or `local`, and with the times of the phases that were reached.
    public func run(timeout: Duration, on loop: EventLoop) async throws(EgressError) -> Report {
        try await run(nil, timeout: timeout, on: loop)
    }

    /// The same with something to say; throws what the dialogue throws, too.
    func run(
        _ dialogue: (any Dialogue)?,
        timeout: Duration,
        on loop: EventLoop
    ) async throws(EgressError) -> Report {
        let result: Result<Report, EgressError> = await Completion.value(on: loop) { completion in
            do throws(EgressError) {
                try ConnectionAttempt(self, dialogue, on: loop, completion).start(timeout)
            } catch {
                completion.finish(.failure(error))
            }
        }
        return try result.get()
    }
}

/// One connection under way on a socket; the loop holds it until it is over.
private final class ConnectionAttempt: ReadinessHandler, TimerHandler {
    private static let readBytes = 4_096

    private let loop: EventLoop
    private let completion: Completion<Result<EgressConnection.Report, EgressError>>
    private let socket: FileDescriptor
    private var phases: ConnectionPhases
    private var interest = Readiness.write
    private var deadline: TimerToken?
    private var isOver = false

    init(
        _ connection: EgressConnection,
        _ dialogue: (any Dialogue)?,
        on loop: EventLoop,
        _ completion: Completion<Result<EgressConnection.Report, EgressError>>
    ) throws(EgressError) {
        self.loop = loop
        self.completion = completion
        phases = try ConnectionPhases(connection, dialogue) { LoopClock(loop).now.nanoseconds }
        do throws(SystemError) {
            socket = try TCPSocket.connect(to: connection.address)
        } catch {
            throw EgressError(connecting: error)
        }
    }

    func start(_ timeout: Duration) throws(EgressError) {
        do throws(SystemError) {
            try loop.register(socket.number, for: interest, self)
        } catch {
            throw EgressError(.local, "the event loop takes no socket", cause: error)
        }
        deadline = loop.arm(self, afterNanoseconds: UInt64(max(0, timeout.inNanoseconds)))
        completion.onCancel = { [self] in
            fail(EgressError(.cancelled, "the connection was cancelled"))
        }
    }

    func timerFired(_ token: TimerToken) {
        deadline = nil
        fail(phases.timeout)
    }

    func ready(_ readiness: Readiness) {
        do throws(EgressError) {
            if phases.isConnecting {
                try connected()
            } else if !readiness.isDisjoint(with: [.read, .error, .hangUp]) {
                try receive()
            }
            if phases.isOver { succeed() } else { try flush() }
        } catch {
            fail(error)
        }
    }

    private func connected() throws(EgressError) {
        do throws(SystemError) {
            try TCPSocket.checkConnected(socket)
        } catch {
            throw EgressError(connecting: error)
        }
        try phases.connected()
    }

    private func receive() throws(EgressError) {
        try unsafe withUnsafeTemporaryAllocation(of: UInt8.self, capacity: Self.readBytes) {
            buffer throws(EgressError) in
            let count = unsafe recv(socket.number, buffer.baseAddress, buffer.count, 0)
            guard count >= 0 else {
                guard errno == EAGAIN || errno == EINTR else { throw broken("recv") }
                return
            }
            guard count > 0 else { return try phases.ended() }
            try phases.receive(unsafe UnsafeBufferPointer(rebasing: buffer[..<count]).span)
        }
    }

    private func flush() throws(EgressError) {
        guard !phases.isMute else { return }
        try phases.speak()
        while !phases.output.isEmpty {
            let count = unsafe send(socket.number, phases.output, phases.output.count, CInt(MSG_NOSIGNAL))
            guard count >= 0 else {
                if errno != EAGAIN, errno != EINTR { phases.stopSending(broken("send")) }
                break
            }
            phases.output.removeFirst(count)
        }
        try watch(for: phases.output.isEmpty ? .read : [.read, .write])
    }

    private func watch(for wanted: Readiness) throws(EgressError) {
        guard wanted != interest else { return }
        interest = wanted
        do throws(SystemError) {
            try loop.modify(socket.number, for: wanted)
        } catch {
            throw EgressError(.local, "the event loop takes no socket", cause: error)
        }
    }

    private func broken(_ call: String) -> EgressError {
        let error = SystemError(code: errno, message: call)
        return EgressError(EgressError.connectCode(error.code), "the connection broke", cause: error)
    }

    // MARK: The end

    private func succeed() {
        guard finish() else { return }
        phases.sayGoodbye()
        if !phases.output.isEmpty {
            _ = unsafe send(socket.number, phases.output, phases.output.count, CInt(MSG_NOSIGNAL))
        }
        completion.finish(.success(phases.report))
    }

    private func fail(_ error: EgressError) {
        guard finish() else { return }
        completion.finish(.failure(phases.failure(error)))
    }

    private func finish() -> Bool {
        guard !isOver else { return false }
        isOver = true
        if let deadline { loop.disarm(deadline) }
        deadline = nil
        loop.unregister(socket.number)
        return true
    }
}
