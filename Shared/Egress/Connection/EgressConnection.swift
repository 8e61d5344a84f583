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

    /// Without a context there is no TLS.
    public init(address: SocketAddress, context: TLSContext?, serverName: String, requiresTrust: Bool = false) {
        self.address = address
        self.context = context
        self.serverName = serverName
        self.requiresTrust = requiresTrust
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

/// One connection under way; the loop holds it until it is over.
private final class ConnectionAttempt: ReadinessHandler, TimerHandler {
    private enum Phase {
        case connecting
        case shaking
        case talking
        case over
    }

    private static let readBytes = 4_096

    private let connection: EgressConnection
    private let dialogue: (any Dialogue)?
    private let loop: EventLoop
    private let completion: Completion<Result<EgressConnection.Report, EgressError>>
    private let session: TLSSession?
    private let socket: FileDescriptor
    private lazy var scratch = TLSScratch(byteCount: Self.readBytes)
    private let start: UInt64
    private var phase = Phase.connecting
    private var phaseStart: UInt64
    private var interest = Readiness.write
    private var deadline: TimerToken?
    private var times = EgressTimes()
    private var inspection: PeerInspection?
    /// Bytes for the socket.
    private var output: [UInt8] = []
    /// The server takes nothing more; what it has sent until then is read all the same.
    private var sendFailure: EgressError?

    init(
        _ connection: EgressConnection,
        _ dialogue: (any Dialogue)?,
        on loop: EventLoop,
        _ completion: Completion<Result<EgressConnection.Report, EgressError>>
    ) throws(EgressError) {
        self.connection = connection
        self.dialogue = dialogue
        self.loop = loop
        self.completion = completion
        start = LoopClock(loop).now.nanoseconds
        phaseStart = start
        do throws(TLSError) {
            session = try connection.context.map { context throws(TLSError) in
                try TLSSession(context, serverName: connection.serverName)
            }
        } catch {
            throw EgressError(.local, "no TLS session", cause: error)
        }
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
        let missing =
            switch phase {
            case .connecting: "no answer to a connection attempt in time"
            case .shaking: "the TLS handshake took too long"
            case .talking, .over: "no answer in time"
            }
        fail(EgressError(.timeout, missing))
    }

    func ready(_ readiness: Readiness) {
        do throws(EgressError) {
            if phase == .connecting {
                try connected()
            } else if !readiness.isDisjoint(with: [.read, .error, .hangUp]) {
                try receive()
            }
            if phase != .over { try flush() }
        } catch {
            fail(error)
        }
    }

    // MARK: Phases

    private func connected() throws(EgressError) {
        do throws(SystemError) {
            try TCPSocket.checkConnected(socket)
        } catch {
            throw EgressError(connecting: error)
        }
        times.connect = takePhase()
        guard let session else { return try talk() }
        phase = .shaking
        do throws(TLSError) {
            try session.start()
        } catch {
            throw EgressError(.tls, error.message)
        }
    }

    private func shaken(_ session: TLSSession) throws(EgressError) {
        times.tls = takePhase()
        guard let shown = session.inspection else { throw EgressError(.tls, "the server shows no certificate") }
        inspection = shown
        if connection.requiresTrust, let distrust = shown.distrust { throw EgressError(.certificate, distrust) }
        try talk()
    }

    private func talk() throws(EgressError) {
        phase = .talking
        guard let dialogue else { return succeed() }
        try dialogue.begin(inspection)
    }

    private func hear(_ bytes: Span<UInt8>) throws(EgressError) {
        guard phase == .talking, let dialogue else { return }
        try dialogue.receive(bytes)
        if times.firstByte == 0, dialogue.hasBegun { times.firstByte = takePhase() }
        if dialogue.isComplete { succeed() }
    }

    private func ended() throws(EgressError) {
        guard phase == .talking, let dialogue else {
            throw EgressError(.reset, "the server closed within the TLS handshake")
        }
        try dialogue.end()
        succeed()
    }

    // MARK: Bytes

    private func receive() throws(EgressError) {
        try unsafe withUnsafeTemporaryAllocation(of: UInt8.self, capacity: Self.readBytes) {
            buffer throws(EgressError) in
            let count = unsafe recv(socket.number, buffer.baseAddress, buffer.count, 0)
            guard count >= 0 else {
                guard errno == EAGAIN || errno == EINTR else { throw broken("recv") }
                return
            }
            let bytes = unsafe UnsafeBufferPointer(rebasing: buffer[..<count]).span
            if let session {
                // Over TLS the end is to be said; without that, anyone might have cut the answer.
                guard count > 0 else { throw sendFailure ?? cutOff() }
                try receive(bytes, session)
            } else if count > 0 {
                try hear(bytes)
            } else if let sendFailure {
                throw sendFailure
            } else {
                try ended()
            }
        }
    }

    private func receive(_ bytes: Span<UInt8>, _ session: TLSSession) throws(EgressError) {
        let isOpen: Bool
        do {
            isOpen = try session.receive(bytes, scratch: scratch) { plaintext in
                if phase == .shaking { try shaken(session) }
                try hear(plaintext)
            }
        } catch let error as EgressError {
            throw error
        } catch {
            throw EgressError(.tls, (error as? TLSError)?.message ?? "the TLS session broke")
        }
        if phase == .shaking, session.isEstablished { try shaken(session) }
        if !isOpen, phase != .over { try ended() }
    }

    private func flush() throws(EgressError) {
        guard sendFailure == nil else { return }
        if phase == .talking, let dialogue {
            let words = try dialogue.takeOutput()
            if let session, !words.isEmpty {
                do throws(TLSError) {
                    try session.send(words.span)
                } catch {
                    throw EgressError(.tls, error.message)
                }
            } else {
                output += words
            }
        }
        takeCiphertext()
        while !output.isEmpty {
            let count = unsafe send(socket.number, output, output.count, CInt(MSG_NOSIGNAL))
            guard count >= 0 else {
                if errno != EAGAIN, errno != EINTR { stopSending() }
                break
            }
            output.removeFirst(count)
        }
        try watch(for: output.isEmpty ? .read : [.read, .write])
    }

    private func stopSending() {
        sendFailure = broken("send")
        output = []
    }

    private func takeCiphertext() {
        guard let session, !session.output.isEmpty else { return }
        output += session.output
        session.output = []
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

    private func cutOff() -> EgressError {
        phase == .shaking
            ? EgressError(.reset, "the server closed within the TLS handshake")
            : EgressError(.protocolViolation, "the server closed without ending TLS")
    }

    private func broken(_ call: String) -> EgressError {
        let error = SystemError(code: errno, message: call)
        return EgressError(EgressError.connectCode(error.code), "the connection broke", cause: error)
    }

    // MARK: The end

    private func succeed() {
        guard finish() else { return }
        sayGoodbye()
        times.total = microseconds(since: start)
        completion.finish(.success(EgressConnection.Report(times: times, inspection: inspection)))
    }

    private func fail(_ error: EgressError) {
        guard finish() else { return }
        var error = error
        error.times = times
        error.times.total = microseconds(since: start)
        error.inspection = inspection
        error.remoteAddress = connection.address.description
        completion.finish(.failure(error))
    }

    /// Tells a server over TLS that nothing follows, if the socket takes it.
    private func sayGoodbye() {
        guard let session else { return }
        session.close()
        takeCiphertext()
        _ = unsafe send(socket.number, output, output.count, CInt(MSG_NOSIGNAL))
    }

    private func finish() -> Bool {
        guard phase != .over else { return false }
        phase = .over
        if let deadline { loop.disarm(deadline) }
        deadline = nil
        loop.unregister(socket.number)
        return true
    }

    /// Microseconds since the phase before.
    private func takePhase() -> Int {
        defer { phaseStart = LoopClock(loop).now.nanoseconds }
        return microseconds(since: phaseStart)
    }

    private func microseconds(since start: UInt64) -> Int {
        Int((LoopClock(loop).now.nanoseconds - start) / 1_000)
    }
}
