import CLinux
import EventLoop
import Glibc

/// A socket with kernel times that probes one address, or answers whoever asks.
///
/// None needs a capability. Who registers it on a loop must call `close` before letting go of it.
final class TimedSocket {
    /// What a handler reads in one turn of its loop at the most.
    static let batchesPerTurn = 16

    enum Kind {
        case udp
        /// An ICMP echo socket; its port is the echoes' identifier.
        case ping
        case tcp
    }

    /// Room for what one call reads, shared by the sockets of a loop.
    final class Buffer {
        fileprivate var events: [clinux_timed_event]
        fileprivate var data: [UInt8]
        fileprivate let stride: Int

        /// `stride` bytes are kept of each datagram, and at most `batch` of them are read at once.
        init(stride: Int, batch: Int = Int(clinux_timed_batch)) {
            self.stride = stride
            events = Array(repeating: clinux_timed_event(), count: batch)
            data = Array(repeating: 0, count: batch * stride)
        }
    }

    let kind: Kind
    let isV4: Bool
    private let descriptor: FileDescriptor
    private let loop: EventLoop
    private var isRegistered = false
    private var nextKey: UInt64 = 0
    /// Key of the datagram that the kernel calls number 0.
    private var firstKey: UInt64 = 0

    /// Throws `SystemError`: `EACCES` for a ping socket that this process may not have.
    init(_ kind: Kind, isV4: Bool, on loop: EventLoop) throws(SystemError) {
        let number: CInt =
            switch kind {
            case .udp: CInt(CLINUX_TIMED_UDP.rawValue)
            case .ping: CInt(CLINUX_TIMED_PING.rawValue)
            case .tcp: CInt(CLINUX_TIMED_TCP.rawValue)
            }
        descriptor = FileDescriptor(try check(clinux_timed_open(number, isV4 ? 0 : 1), "a \(kind) socket"))
        self.kind = kind
        self.isV4 = isV4
        self.loop = loop
    }

    var fd: CInt { descriptor.number }

    // MARK: Setting up

    /// Binds to a port, or to any when that is 0; other sockets may share it when they are connected elsewhere.
    func bind(_ address: SocketAddress, isShared: Bool = false) throws(SystemError) {
        if isShared {
            var one: CInt = 1
            let size = socklen_t(MemoryLayout<CInt>.size)
            try check(unsafe setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, size), "SO_REUSEADDR")
        }
        try check(unsafe address.withSockaddr { unsafe Glibc.bind(fd, $0, $1) }, "bind to \(address)")
    }

    /// Of TCP: starts connecting, and throws what is known at once to be in the way.
    func connect(_ address: SocketAddress) throws(SystemError) {
        let result = unsafe address.withSockaddr { unsafe Glibc.connect(fd, $0, $1) }
        guard result == -1, errno != EINPROGRESS else { return }
        try check(result, "connect to \(address)")
    }

    func localAddress() throws(SystemError) -> SocketAddress {
        var storage = sockaddr_storage()
        var size = socklen_t(MemoryLayout<sockaddr_storage>.size)
        let result = unsafe withUnsafeMutablePointer(to: &storage) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { unsafe getsockname(fd, $0, &size) }
        }
        try check(result, "getsockname")
        guard let address = SocketAddress(storage) else {
            throw SystemError(code: EAFNOSUPPORT, message: "getsockname")
        }
        return address
    }

    func setHopLimit(_ hops: Int) { clinux_timed_set_hop_limit(fd, isV4 ? 0 : 1, CInt(hops)) }

    func setDSCP(_ value: Int) throws(SystemError) {
        guard value != 0 else { return }
        try check(clinux_timed_set_class(fd, isV4 ? 0 : 1, CInt(value << 2)), "the traffic class")
    }

    func keepWhole() throws(SystemError) {
        try check(clinux_timed_keep_whole(fd, isV4 ? 0 : 1), "IP_MTU_DISCOVER")
    }

    func serve() throws(SystemError) {
        try check(clinux_timed_serve(fd, isV4 ? 0 : 1), "IP_PKTINFO")
    }

    func register(_ handler: any ReadinessHandler, for readiness: Readiness = .read) throws(SystemError) {
        try loop.register(fd, for: readiness, handler)
        isRegistered = true
    }

    func close() {
        guard isRegistered else { return }
        isRegistered = false
        loop.unregister(fd)
    }

    deinit {
        close()
    }

    // MARK: Sending

    /// Sends datagrams of `size` bytes that lie one behind the other; returns the key of the first, and how many the
    /// kernel took.
    ///
    /// Throws `SystemError` when it took none: with `EAGAIN` when it has no room now.
    func send(_ data: ArraySlice<UInt8>, size: Int) throws(SystemError) -> (firstKey: UInt64, count: Int) {
        var isRetry = false
        while true {
            let sent = unsafe data.withUnsafeBufferPointer { bytes in
                unsafe clinux_timed_send(fd, bytes.baseAddress, CInt(size), CInt(bytes.count / size))
            }
            guard sent < 0 else {
                defer { nextKey += UInt64(sent) }
                return (nextKey, Int(sent))
            }
            let failure = errno
            if failure == EINTR { continue }
            // A socket that has been told of an ICMP error fails once for it, whatever it is to send.
            guard !isRetry, failure != EAGAIN else {
                if failure != EAGAIN { restartKeys() }
                throw SystemError(code: failure, message: "send")
            }
            isRetry = true
            restartKeys()
        }
    }

    /// After a failed send nobody can say whether the kernel counted it; both sides start again.
    private func restartKeys() {
        clinux_timed_restart_keys(fd)
        firstKey = nextKey
    }

    func answer(_ question: clinux_timed_event, _ data: ArraySlice<UInt8>) {
        var question = question
        _ = unsafe data.withUnsafeBufferPointer { bytes in
            unsafe clinux_timed_answer(fd, isV4 ? 0 : 1, &question, bytes.baseAddress, CInt(bytes.count))
        }
    }

    // MARK: Receiving

    /// Reads what has been received, or what has been put into the error queue.
    ///
    /// `body` gets each with its data, as far as that is kept. Returns whether there may be more.
    func receive(
        fromErrorQueue: Bool,
        _ buffer: Buffer,
        _ body: (clinux_timed_event, ArraySlice<UInt8>) -> Void
    ) -> Bool {
        let stride = CInt(buffer.stride)
        let count = unsafe buffer.events.withUnsafeMutableBufferPointer { events in
            unsafe buffer.data.withUnsafeMutableBufferPointer { data in
                unsafe clinux_timed_receive(
                    fd,
                    fromErrorQueue ? 1 : 0,
                    events.baseAddress,
                    CInt(events.count),
                    data.baseAddress,
                    stride
                )
            }
        }
        guard count > 0 else { return false }
        for index in 0..<Int(count) {
            let start = index * buffer.stride
            let size = min(Int(buffer.events[index].size), buffer.stride)
            body(buffer.events[index], buffer.data[start..<start + size])
        }
        return count == buffer.events.count
    }

    /// Reads what there is, up to a turn's share: who floods is read on in the next turn, after everybody else.
    func drain(
        fromErrorQueue: Bool,
        _ buffer: Buffer,
        _ body: (clinux_timed_event, ArraySlice<UInt8>) -> Void
    ) {
        var batches = 1
        while receive(fromErrorQueue: fromErrorQueue, buffer, body), batches < Self.batchesPerTurn { batches += 1 }
    }

    /// The key of the datagram that an event says has left.
    func key(of event: clinux_timed_event) -> UInt64 { firstKey + UInt64(event.key) }
}

extension clinux_timed_event {
    func sender(isV4: Bool) -> IPAddress {
        isV4 ? IPAddress(v4: UInt32(truncatingIfNeeded: low)) : IPAddress(v6: high, low, scope: scope)
    }
}

/// Turns -1 into the error that `errno` says.
@discardableResult
func check(_ result: CInt, _ what: @autoclosure () -> String) throws(SystemError) -> CInt {
    guard result == -1 else { return result }
    throw SystemError(code: errno, message: what())
}
