public import EventLoop
import Glibc

/// A TCP server on a loop of its own that reads a request's head and then behaves as it was told.
public final class ScriptedServer: Sendable {
    public enum Script: Sendable {
        /// Sends this and closes.
        case reply(String)
        /// Sends the first part, then the second one over and over, until the client leaves.
        case endless(String, String)
        /// Sends one byte of this each millisecond, over and over.
        case drip(String)
        /// Never answers.
        case silence
        /// Closes at once.
        case close
        /// Resets the connection.
        case reset
    }

    public let address: SocketAddress
    private let loop: EventLoop
    private let listener: LoopBound<Listener>

    /// The answer may depend on the request's head, of which the first line is like `GET / HTTP/1.1`.
    public init(_ script: @escaping @Sendable (_ head: String) -> Script) async throws {
        let loop = try EventLoop(name: "server")
        try loop.start()
        self.loop = loop
        (listener, address) = try await withTaskExecutorPreference(loop) {
            let listener = try Listener(on: loop, script)
            return (LoopBound(listener, on: loop), listener.address)
        }
    }

    public convenience init(_ script: Script) async throws {
        try await self.init { _ in script }
    }

    public func url(_ path: String = "/") -> String { "http://\(address)\(path)" }

    /// Bytes that were handed to the kernel so far, of all connections.
    public var bytesSent: Int {
        get async { await withTaskExecutorPreference(loop) { [listener] in listener.value.bytesSent } }
    }

    /// The heads of the requests that came, in their order.
    public var heads: [String] {
        get async { await withTaskExecutorPreference(loop) { [listener] in listener.value.heads } }
    }
}

private final class Listener: ReadinessHandler {
    let address: SocketAddress
    let loop: EventLoop
    let script: @Sendable (String) -> ScriptedServer.Script
    var bytesSent = 0
    var heads: [String] = []
    private let socket: FileDescriptor

    init(on loop: EventLoop, _ script: @escaping @Sendable (String) -> ScriptedServer.Script) throws {
        self.loop = loop
        self.script = script
        socket = try TCPSocket.listen(on: SocketAddress(.loopback, port: 0))
        address = try TCPSocket.localAddress(of: socket)
        try loop.register(socket.number, for: .read, self)
    }

    func ready(_ readiness: Readiness) {
        while let socket = try? TCPSocket.accept(from: socket) {
            Connection(socket, of: self).start()
        }
    }
}

private final class Connection: ReadinessHandler {
    private let socket: FileDescriptor
    private let listener: Listener
    private var head = ""
    private var output: [UInt8] = []
    private var repeated: [UInt8] = []
    private var closesAtEnd = false

    init(_ socket: consuming FileDescriptor, of listener: Listener) {
        self.socket = socket
        self.listener = listener
    }

    func start() {
        guard (try? listener.loop.register(socket.number, for: .read, self)) != nil else { return }
    }

    func ready(_ readiness: Readiness) {
        if readiness.contains(.read) { read() }
        if readiness.contains(.write) { write() }
        if readiness.contains(.hangUp) || readiness.contains(.error) { close() }
    }

    private func read() {
        var bytes = [UInt8](repeating: 0, count: 65_536)
        let count = unsafe recv(socket.number, &bytes, bytes.count, 0)
        guard count > 0 else { return count == 0 ? close() : () }
        let wasComplete = head.contains("\r\n\r\n")
        head += String(decoding: bytes[..<count], as: UTF8.self)
        guard !wasComplete, head.contains("\r\n\r\n") else { return }
        listener.heads.append(head)
        act(listener.script(head))
    }

    private func act(_ script: ScriptedServer.Script) {
        switch script {
        case .reply(let text):
            output = Array(text.utf8)
            closesAtEnd = true
            write()
        case .endless(let first, let rest):
            output = Array(first.utf8)
            repeated = Array(rest.utf8)
            guard (try? listener.loop.modify(socket.number, for: [.read, .write])) != nil else { return }
        case .drip(let text):
            output = Array(text.utf8)
            repeated = output
            drip()
        case .silence: break
        case .close: close()
        case .reset:
            var linger = linger(l_onoff: 1, l_linger: 0)
            let size = socklen_t(MemoryLayout<linger>.size)
            _ = unsafe setsockopt(socket.number, SOL_SOCKET, SO_LINGER, &linger, size)
            close()
        }
    }

    private func drip() {
        if output.isEmpty { output = repeated }
        let sent = unsafe send(socket.number, output, 1, CInt(MSG_NOSIGNAL))
        guard sent == 1 else { return close() }
        output.removeFirst()
        listener.bytesSent += 1
        _ = listener.loop.arm(Drip(self), afterNanoseconds: 1_000_000)
    }

    private final class Drip: TimerHandler {
        private let connection: Connection

        init(_ connection: Connection) { self.connection = connection }

        func timerFired(_ token: TimerToken) { connection.drip() }
    }

    private func write() {
        if output.isEmpty { output = repeated }
        guard !output.isEmpty else { return closesAtEnd ? close() : () }
        let sent = unsafe send(socket.number, output, output.count, CInt(MSG_NOSIGNAL))
        guard sent >= 0 else { return errno == EAGAIN ? () : close() }
        listener.bytesSent += sent
        output.removeFirst(sent)
        if output.isEmpty, closesAtEnd { close() }
    }

    /// The descriptor itself closes with the last reference, which is the loop's.
    private func close() {
        listener.loop.unregister(socket.number)
    }
}
