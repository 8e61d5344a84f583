public import EventLoop
import Glibc
public import TLS

/// What one TLS connection showed, and how long each phase took.
public struct TLSReport: Sendable {
    /// From the start to the connection.
    public var connectMicroseconds: Int
    /// From there to the end of the handshake.
    public var handshakeMicroseconds: Int
    /// From there to the last byte of the answer; 0 without a question.
    public var answerMicroseconds: Int
    public var inspection: PeerInspection
    public var answer: [UInt8]
}

/// Connects to one checked address, shakes hands, may ask one question, and closes.
public struct TLSExchange: Sendable {
    /// What is sent when the handshake is done, and how long its answer is.
    public struct Question: Sendable {
        var bytes: [UInt8]
        /// Bytes of the whole answer, once what came so far tells; at most `maximumAnswerBytes`.
        var answerLength: @Sendable (_ received: [UInt8]) -> Int?
    }

    static let maximumAnswerBytes = 65_537

    let address: SocketAddress
    let context: TLSContext
    /// The name to ask for, and that the certificate is looked at for.
    let serverName: String
    var question: Question?

    public init(address: SocketAddress, context: TLSContext, serverName: String) {
        self.address = address
        self.context = context
        self.serverName = serverName
    }

    /// To be called on `loop`, with an address that a gate let through.
    ///
    /// Throws `EgressError` with `refused`, `unreachable`, `reset`, `timeout`, `tls`, `protocolViolation`, `permission`,
    /// `cancelled` or `local`.
    public func run(timeout: Duration, on loop: EventLoop) async throws(EgressError) -> TLSReport {
        let result: Result<TLSReport, EgressError> = await Completion.value(on: loop) { completion in
            do throws(EgressError) {
                try TLSAttempt(self, on: loop, completion).start(timeout)
            } catch {
                completion.finish(.failure(error))
            }
        }
        return try result.get()
    }
}

/// One exchange under way; the loop holds it until it is over.
private final class TLSAttempt: ReadinessHandler, TimerHandler {
    private enum Phase {
        case connecting
        case shaking
        case asking
    }

    private static let readBytes = 16_384

    private let exchange: TLSExchange
    private let loop: EventLoop
    private let completion: Completion<Result<TLSReport, EgressError>>
    private let session: TLSSession
    private let socket: FileDescriptor
    private let scratch = TLSScratch(byteCount: readBytes)
    private var phase = Phase.connecting
    private var deadline: TimerToken?
    private var phaseStart: UInt64
    private var connectMicroseconds = 0
    private var handshakeMicroseconds = 0
    private var answer: [UInt8] = []
    private var isOver = false

    init(
        _ exchange: TLSExchange,
        on loop: EventLoop,
        _ completion: Completion<Result<TLSReport, EgressError>>
    ) throws(EgressError) {
        self.exchange = exchange
        self.loop = loop
        self.completion = completion
        phaseStart = LoopClock(loop).now.nanoseconds
        do throws(TLSError) {
            session = try TLSSession(exchange.context, serverName: exchange.serverName)
        } catch {
            throw EgressError(.local, "no TLS session", cause: error)
        }
        do throws(SystemError) {
            socket = try TCPSocket.connect(to: exchange.address)
        } catch {
            throw EgressError(connecting: error)
        }
    }

    func start(_ timeout: Duration) throws(EgressError) {
        do throws(SystemError) {
            try loop.register(socket.number, for: .write, self)
        } catch {
            throw EgressError(.local, "the event loop takes no socket", cause: error)
        }
        deadline = loop.arm(self, afterNanoseconds: UInt64(max(0, timeout.inNanoseconds)))
        completion.onCancel = { [self] in
            finish(.failure(EgressError(.cancelled, "the connection was cancelled")))
        }
    }

    func timerFired(_ token: TimerToken) {
        deadline = nil
        let missing =
            switch phase {
            case .connecting: "no answer to a connection attempt in time"
            case .shaking: "the TLS handshake took too long"
            case .asking: "no answer over TLS in time"
            }
        finish(.failure(EgressError(.timeout, missing)))
    }

    func ready(_ readiness: Readiness) {
        do throws(EgressError) {
            if phase == .connecting { try connected() } else if readiness.contains(.read) { try receive() }
            if !isOver { try flush() }
        } catch {
            finish(.failure(error))
        }
    }

    private func connected() throws(EgressError) {
        do throws(SystemError) {
            try TCPSocket.checkConnected(socket)
        } catch {
            throw EgressError(connecting: error)
        }
        connectMicroseconds = takePhase()
        phase = .shaking
        do throws(TLSError) {
            try session.start()
        } catch {
            throw EgressError(.tls, error.message)
        }
    }

    private func receive() throws(EgressError) {
        var bytes = [UInt8](repeating: 0, count: Self.readBytes)
        let count = unsafe recv(socket.number, &bytes, bytes.count, 0)
        guard count != -1 else {
            guard errno == EAGAIN || errno == EINTR else { throw broken("recv") }
            return
        }
        guard count > 0 else { throw ended() }
        let isOpen: Bool
        do {
            isOpen = try session.receive(bytes.span.extracting(0..<count), scratch: scratch) { plaintext in
                for index in plaintext.indices where answer.count < TLSExchange.maximumAnswerBytes {
                    answer.append(plaintext[index])
                }
            }
        } catch {
            throw EgressError(.tls, (error as? TLSError)?.message ?? "the TLS session broke")
        }
        if phase == .shaking, session.isEstablished { try established() }
        if phase == .asking { try lookAtAnswer() }
        if !isOpen, !isOver { throw ended() }
    }

    private func established() throws(EgressError) {
        handshakeMicroseconds = takePhase()
        guard let question = exchange.question else { return succeed(0) }
        phase = .asking
        do throws(TLSError) {
            try session.send(question.bytes.span)
        } catch {
            throw EgressError(.tls, error.message)
        }
    }

    private func lookAtAnswer() throws(EgressError) {
        guard let length = exchange.question?.answerLength(answer), answer.count >= length else { return }
        answer.removeLast(answer.count - length)
        succeed(takePhase())
    }

    private func succeed(_ answerMicroseconds: Int) {
        guard let inspection = session.inspection else {
            return finish(.failure(EgressError(.tls, "the server shows no certificate")))
        }
        finish(
            .success(
                TLSReport(
                    connectMicroseconds: connectMicroseconds,
                    handshakeMicroseconds: handshakeMicroseconds,
                    answerMicroseconds: answerMicroseconds,
                    inspection: inspection,
                    answer: answer
                )
            )
        )
    }

    private func flush() throws(EgressError) {
        while !session.output.isEmpty {
            let count = unsafe send(socket.number, session.output, session.output.count, CInt(MSG_NOSIGNAL))
            guard count >= 0 else {
                guard errno == EAGAIN else { throw broken("send") }
                break
            }
            session.output.removeFirst(count)
        }
        do throws(SystemError) {
            try loop.modify(socket.number, for: session.output.isEmpty ? .read : [.read, .write])
        } catch {
            throw EgressError(.local, "the event loop takes no socket", cause: error)
        }
    }

    private func ended() -> EgressError {
        phase == .asking
            ? EgressError(.protocolViolation, "the server closed without an answer")
            : EgressError(.reset, "the server closed within the TLS handshake")
    }

    private func broken(_ call: String) -> EgressError {
        let error = SystemError(code: errno, message: call)
        return EgressError(EgressError.connectCode(error.code), "the connection broke", cause: error)
    }

    /// Microseconds since the phase before.
    private func takePhase() -> Int {
        let now = LoopClock(loop).now.nanoseconds
        defer { phaseStart = now }
        return Int((now - phaseStart) / 1_000)
    }

    private func finish(_ result: Result<TLSReport, EgressError>) {
        guard !isOver else { return }
        isOver = true
        if let deadline { loop.disarm(deadline) }
        deadline = nil
        loop.unregister(socket.number)
        completion.finish(result)
    }
}
