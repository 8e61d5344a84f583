import EventLoop
import TLS

/// What is said on one connection from its first moment to its last, and how long each phase of that takes.
///
/// Knows no socket, and of time only what its owner tells: that owner connects, hands in what comes, and sends what lies
/// in `output`. Any method may end it, after which `isOver` says so; what one throws is the end as well.
public struct ConnectionPhases {
    private enum Phase {
        case connecting
        case shaking
        case talking
        case over
    }

    private static let scratchBytes = 4_096

    /// Bytes to be sent; whoever sends them takes them from here.
    public var output: [UInt8] = []
    private let connection: EgressConnection
    private let dialogue: (any Dialogue)?
    private let session: TLSSession?
    private lazy var scratch = TLSScratch(byteCount: Self.scratchBytes)
    /// Nanoseconds of a clock that never goes back.
    private let now: () -> UInt64
    private let start: UInt64
    private var phase = Phase.connecting
    private var phaseStart: UInt64
    private var times = EgressTimes()
    private var inspection: PeerInspection?
    /// The server takes nothing more; what it has sent until then is read all the same.
    private var sendFailure: EgressError?

    /// Time begins here.
    ///
    /// Throws `EgressError` with `local`.
    init(
        _ connection: EgressConnection,
        _ dialogue: (any Dialogue)?,
        now: @escaping () -> UInt64
    ) throws(EgressError) {
        self.connection = connection
        self.dialogue = dialogue
        self.now = now
        start = now()
        phaseStart = start
        do throws(TLSError) {
            session = try connection.context.map { context throws(TLSError) in
                try TLSSession(context, serverName: connection.serverName, at: connection.time)
            }
        } catch {
            throw EgressError(.local, "no TLS session", cause: error)
        }
    }

    public var isConnecting: Bool { phase == .connecting }
    public var isOver: Bool { phase == .over }
    /// Nothing more can be sent.
    public var isMute: Bool { sendFailure != nil }

    // MARK: Phases

    /// The connection is made.
    public mutating func connected() throws(EgressError) {
        times.connect = takePhase()
        guard let session else { return try talk() }
        phase = .shaking
        do throws(TLSError) {
            try session.start()
        } catch {
            throw EgressError(.tls, error.message)
        }
    }

    private mutating func shaken(_ session: TLSSession) throws(EgressError) {
        times.tls = takePhase()
        guard let shown = session.inspection else { throw EgressError(.tls, "the server shows no certificate") }
        inspection = shown
        if connection.requiresTrust, let distrust = shown.distrust { throw EgressError(.certificate, distrust) }
        try talk()
    }

    private mutating func talk() throws(EgressError) {
        phase = .talking
        guard let dialogue else { return succeed() }
        try dialogue.begin(inspection)
    }

    private mutating func hear(_ bytes: Span<UInt8>) throws(EgressError) {
        guard phase == .talking, let dialogue else { return }
        try dialogue.receive(bytes)
        if times.firstByte == 0, dialogue.hasBegun { times.firstByte = takePhase() }
        if dialogue.isComplete { succeed() }
    }

    private mutating func heardAll() throws(EgressError) {
        guard phase == .talking, let dialogue else {
            throw EgressError(.reset, "the server closed within the TLS handshake")
        }
        try dialogue.end()
        succeed()
    }

    private mutating func succeed() {
        phase = .over
        times.total = microseconds(since: start)
    }

    // MARK: Bytes

    /// Takes what the server sent.
    public mutating func receive(_ bytes: Span<UInt8>) throws(EgressError) {
        guard let session else { return try hear(bytes) }
        let isOpen: Bool
        do {
            isOpen = try session.receive(bytes, scratch: scratch) { plaintext in
                if phase == .shaking { try shaken(session) }
                try hear(plaintext)
            }
        } catch let error as EgressError {
            throw error
        } catch {
            // What follows a whole answer is of no concern.
            guard phase != .over else { return }
            throw EgressError(.tls, (error as? TLSError)?.message ?? "the TLS session broke")
        }
        if phase == .shaking, session.isEstablished { try shaken(session) }
        if !isOpen, phase != .over { try heardAll() }
    }

    /// The server sends no more.
    public mutating func ended() throws(EgressError) {
        // Over TLS the end is to be said; without that, anyone might have cut the answer.
        if let error = sendFailure ?? (session == nil ? nil : cutOff) { throw error }
        try heardAll()
    }

    private var cutOff: EgressError {
        phase == .shaking
            ? EgressError(.reset, "the server closed within the TLS handshake")
            : EgressError(.protocolViolation, "the server closed without ending TLS")
    }

    /// Adds to `output` what is to be said now.
    public mutating func speak() throws(EgressError) {
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
    }

    /// Adds to `output` what tells a server over TLS that nothing follows.
    public mutating func sayGoodbye() {
        guard let session else { return }
        session.close()
        takeCiphertext()
    }

    /// Nothing more can be sent, which is told when nothing more comes either.
    public mutating func stopSending(_ error: EgressError) {
        sendFailure = error
        output = []
    }

    private mutating func takeCiphertext() {
        guard let session, !session.output.isEmpty else { return }
        output += session.output
        session.output = []
    }

    // MARK: The end

    /// What is known when it is over.
    public var report: EgressConnection.Report { EgressConnection.Report(times: times, inspection: inspection) }

    /// The same error with how far the connection came; it is over then.
    public mutating func failure(_ error: EgressError) -> EgressError {
        phase = .over
        var error = error
        error.times = times
        error.times.total = microseconds(since: start)
        error.inspection = inspection
        error.remoteAddress = connection.address.description
        return error
    }

    /// What it means that the time is over.
    public var timeout: EgressError {
        let missing =
            switch phase {
            case .connecting: "no answer to a connection attempt in time"
            case .shaking: "the TLS handshake took too long"
            case .talking, .over: "no answer in time"
            }
        return EgressError(.timeout, missing)
    }

    /// Microseconds since the phase before.
    private mutating func takePhase() -> Int {
        defer { phaseStart = now() }
        return microseconds(since: phaseStart)
    }

    private func microseconds(since start: UInt64) -> Int {
        Int((now() - start) / 1_000)
    }
}
