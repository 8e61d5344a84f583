import CAres
import EventLoop
import Glibc

/// One resolution or query at a time on a channel of its own, so that it can be ended alone.
///
/// c-ares calls back with an unretained pointer to this object: it lives until `finish` has destroyed the channel.
final class AresLookup: TimerHandler {
    enum Outcome {
        case addresses([ResolvedAddress])
        case message([UInt8])
        case failure(EgressError)
    }

    private let loop: EventLoop
    private var done: ((Outcome) -> Void)?
    private var channel: AresChannel?
    private var sockets: [CInt: AresSocket] = [:]
    private var retry: TimerToken?
    private var deadline: TimerToken?
    /// What c-ares called back with; acted on when it has returned.
    private(set) var outcome: Outcome?
    private let settings: AresChannel.Settings
    /// Answered, with nothing left on its channel: it may be started again.
    private(set) var isReusable = false

    init(_ settings: AresChannel.Settings, on loop: EventLoop) {
        self.settings = settings
        self.loop = loop
    }

    /// Opens the channel, unless it has one, and calls `ask` with it and the context its callback is to have.
    func start(
        timeout: Duration,
        done: @escaping (Outcome) -> Void,
        _ ask: (ares_channel, UnsafeMutableRawPointer) -> Void
    ) {
        self.done = done
        outcome = nil
        isReusable = false
        deadline = loop.arm(self, afterNanoseconds: UInt64(max(1, timeout.inNanoseconds)))
        let context = unsafe Unmanaged.passUnretained(self).toOpaque()
        do {
            if channel == nil { channel = try unsafe AresChannel(settings, socketChanged, context) }
            if let pointer = unsafe channel?.pointer { unsafe ask(pointer, context) }
        } catch {
            end(with: .failure(error))
        }
        proceed()
    }

    func cancel() {
        end(with: .failure(EgressError(.cancelled, "the resolution was cancelled")))
        proceed()
    }

    /// The first call counts.
    ///
    /// Takes effect when c-ares has returned.
    func end(with outcome: Outcome) {
        self.outcome = self.outcome ?? outcome
    }

    func timerFired(_ token: TimerToken) {
        if token == deadline {
            deadline = nil
            end(with: .failure(EgressError(.timeout, "no answer of a resolver in time")))
            proceed()
        } else {
            retry = nil
            process(read: ARES_SOCKET_BAD, write: ARES_SOCKET_BAD)
        }
    }

    fileprivate func process(read: CInt, write: CInt) {
        if let pointer = unsafe channel?.pointer { unsafe ares_process_fd(pointer, read, write) }
        proceed()
    }

    fileprivate func watch(_ fd: CInt, _ interest: Readiness) {
        if interest.isEmpty {
            loop.unregister(fd)
            sockets[fd] = nil
            return
        }
        do {
            if sockets[fd] != nil {
                try loop.modify(fd, for: interest)
            } else {
                let socket = AresSocket(fd, of: self)
                try loop.register(fd, for: interest, socket)
                sockets[fd] = socket
            }
        } catch {
            end(with: .failure(EgressError(.local, "the event loop takes no resolver socket", cause: error)))
        }
    }

    /// Waits on, or ends the lookup when its outcome is known.
    private func proceed() {
        guard let done else { return }
        guard let outcome else { return armRetry() }
        self.done = nil
        for timer in [retry, deadline].compactMap({ $0 }) { loop.disarm(timer) }
        retry = nil
        deadline = nil
        if case .message = outcome, sockets.isEmpty {
            isReusable = true
        } else {
            for fd in sockets.keys { loop.unregister(fd) }
            channel = nil
            sockets = [:]
        }
        done(outcome)
    }

    private func armRetry() {
        guard let pointer = unsafe channel?.pointer else { return }
        if let retry { loop.disarm(retry) }
        retry = nil
        var wait = timeval()
        guard unsafe ares_timeout(pointer, nil, &wait) != nil else { return }
        let nanoseconds = UInt64(max(0, wait.tv_sec)) * 1_000_000_000 + UInt64(max(0, wait.tv_usec)) * 1_000
        retry = loop.arm(self, afterNanoseconds: nanoseconds)
    }
}

/// One socket of a channel.
private final class AresSocket: ReadinessHandler {
    private let fd: CInt
    private unowned let lookup: AresLookup

    init(_ fd: CInt, of lookup: AresLookup) {
        self.fd = fd
        self.lookup = lookup
    }

    func ready(_ readiness: Readiness) {
        let lookup = lookup
        let hasFailed = !readiness.isDisjoint(with: [.error, .hangUp])
        lookup.process(
            read: hasFailed || readiness.contains(.read) ? fd : ARES_SOCKET_BAD,
            write: hasFailed || readiness.contains(.write) ? fd : ARES_SOCKET_BAD
        )
    }
}

// MARK: Called by c-ares

private func socketChanged(_ context: UnsafeMutableRawPointer?, _ fd: ares_socket_t, _ read: CInt, _ write: CInt) {
    guard let context = unsafe context else { return }
    var interest: Readiness = []
    if read != 0 { interest.insert(.read) }
    if write != 0 { interest.insert(.write) }
    unsafe Unmanaged<AresLookup>.fromOpaque(context).takeUnretainedValue().watch(fd, interest)
}

func addressesFound(
    _ context: UnsafeMutableRawPointer?,
    _ status: CInt,
    _ timeouts: CInt,
    _ result: UnsafeMutablePointer<ares_addrinfo>?
) {
    guard let context = unsafe context else { return }
    defer { unsafe ares_freeaddrinfo(result) }
    let lookup = unsafe Unmanaged<AresLookup>.fromOpaque(context).takeUnretainedValue()
    guard status == ARES_SUCCESS, let nodes = unsafe result?.pointee.nodes else {
        return lookup.end(with: .failure(EgressError(resolving: status)))
    }
    var addresses: [ResolvedAddress] = []
    var next: UnsafeMutablePointer<ares_addrinfo_node>? = unsafe nodes
    while let node = unsafe next?.pointee {
        if let address = unsafe IPAddress(node) {
            addresses.append(ResolvedAddress(address: address, timeToLiveSeconds: Int(unsafe node.ai_ttl)))
        }
        unsafe next = unsafe node.ai_next
    }
    lookup.end(with: .addresses(addresses))
}

func answerReceived(
    _ context: UnsafeMutableRawPointer?,
    _ status: CInt,
    _ timeouts: CInt,
    _ bytes: UnsafeMutablePointer<UInt8>?,
    _ count: CInt
) {
    guard let context = unsafe context else { return }
    let lookup = unsafe Unmanaged<AresLookup>.fromOpaque(context).takeUnretainedValue()
    guard status == ARES_SUCCESS else { return lookup.end(with: .failure(EgressError(asking: status))) }
    lookup.end(with: .message(unsafe Array(UnsafeBufferPointer(start: bytes, count: Int(count)))))
}

extension IPAddress {
    fileprivate init?(_ node: ares_addrinfo_node) {
        guard let raw = unsafe node.ai_addr else { return nil }
        var storage = sockaddr_storage()
        let size = min(Int(unsafe node.ai_addrlen), MemoryLayout<sockaddr_storage>.size)
        unsafe memcpy(&storage, raw, size)
        guard let address = SocketAddress(storage)?.address else { return nil }
        self = address
    }
}

extension EgressError {
    fileprivate init(resolving status: CInt) {
        let reason = unsafe String(cString: ares_strerror(status))
        let code: Code =
            switch status {
            case ARES_ETIMEOUT: .timeout
            case ARES_ENOMEM, ARES_EFILE: .local
            default: .resolve
            }
        self.init(code, "the name does not resolve: \(reason)")
    }

    fileprivate init(asking status: CInt) {
        let reason = unsafe String(cString: ares_strerror(status))
        let code: Code =
            switch status {
            case ARES_ETIMEOUT: .timeout
            case ARES_ECONNREFUSED: .refused
            case ARES_EBADRESP, ARES_EOF: .protocolViolation
            default: .local
            }
        self.init(code, "the DNS server gave no answer: \(reason)")
    }
}
