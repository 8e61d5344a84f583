import EventLoop
import Glibc
import Observability
import TLS

/// A connection that a server can ask to finish.
protocol ServerConnection: AnyObject {
    func drain()
}

/// A server's share of one loop: its listener and its connections.
final class HTTPServerLoop: ReadinessHandler, TimerHandler {
    let loop: EventLoop
    let limits: HTTPLimits
    let log: Log
    let responder: HTTPResponder
    let refusal: HTTPRefusal
    let requests: Counter
    private let metrics: HTTPServerMetrics
    private let tls: HTTPServer.TLSSource?
    private let buffers = ChannelBuffers()
    private var listener: FileDescriptor?
    private var isAccepting = false
    private var retry: TimerToken?
    /// Ends the wait for connections that have said nothing when the server stops.
    private var farewell: TimerToken?
    private var connections: [ObjectIdentifier: any ServerConnection] = [:]
    private var channels: [ObjectIdentifier: Channel] = [:]
    private var whenDrained: (() -> Void)?

    init(
        _ listener: consuming FileDescriptor,
        loop: EventLoop,
        tls: HTTPServer.TLSSource?,
        limits: HTTPLimits,
        log: Log,
        metrics: HTTPServerMetrics,
        refusal: @escaping HTTPRefusal,
        responder: @escaping HTTPResponder
    ) {
        self.listener = consume listener
        self.loop = loop
        self.tls = tls
        self.limits = limits
        self.log = log
        self.metrics = metrics
        requests = metrics.requests
        self.responder = responder
        self.refusal = refusal
    }

    func start() {
        guard !isAccepting, let number = listenerNumber else { return }
        do {
            try loop.register(number, for: .read, self)
            isAccepting = true
        } catch {
            log.error("cannot accept", ["error": "\(error)"])
        }
    }

    func ready(_ readiness: Readiness) {
        do {
            while let socket = try accept() { serve(socket) }
        } catch {
            // Out of descriptors, most likely: what waits is tried again in a while.
            log.error("cannot accept", ["error": "\(error)"])
            if let number = listenerNumber { loop.unregister(number) }
            isAccepting = false
            retry = loop.arm(self, afterNanoseconds: 100_000_000)
        }
    }

    func timerFired(_ token: TimerToken) {
        guard token != farewell else { return closeSilent() }
        retry = nil
        start()
    }

    func drain(_ whenDrained: @escaping () -> Void) {
        // Who has connected already would find the door shut behind it.
        while let socket = try? accept() { serve(socket) }
        stopListening()
        for connection in connections.values { connection.drain() }
        guard !channels.isEmpty else { return whenDrained() }
        self.whenDrained = whenDrained
        farewell = loop.arm(self, afterNanoseconds: UInt64(limits.farewellTimeout.inNanoseconds))
    }

    private func closeSilent() {
        farewell = nil
        for (id, channel) in channels where connections[id] == nil { channel.close(nil) }
    }

    func close() {
        stopListening()
        for channel in channels.values { channel.close(nil) }
    }

    /// To be called when a channel has closed, with the identity of what served it.
    func closed(_ id: ObjectIdentifier) {
        connections[id] = nil
        channels[id] = nil
        metrics.open.change(by: -1)
        guard channels.isEmpty, let whenDrained else { return }
        self.whenDrained = nil
        if let farewell { loop.disarm(farewell) }
        farewell = nil
        whenDrained()
    }

    /// Notes who serves a channel from now on.
    func hand(_ channel: Channel, from old: ObjectIdentifier, to connection: any ServerConnection & ChannelHandler) {
        channels[old] = nil
        let id = ObjectIdentifier(connection)
        channels[id] = channel
        connections[id] = connection
        channel.handler = connection
        if listener == nil { connection.drain() }
    }

    func refuse(_ cause: String, _ error: any Error, peer: String) {
        metrics.refused(cause).increment()
        log.warning("refused a connection", ["peer": peer, "cause": cause, "error": "\(error)"])
    }

    private var listenerNumber: CInt? {
        switch listener {
        case .some(let listener): listener.number
        case nil: nil
        }
    }

    private func accept() throws(SystemError) -> FileDescriptor? {
        switch listener {
        case .some(let listener): try TCPSocket.accept(from: listener)
        case nil: nil
        }
    }

    private func stopListening() {
        if let number = listenerNumber { loop.unregister(number) }
        if let retry { loop.disarm(retry) }
        listener = nil
    }

    private func serve(_ socket: consuming FileDescriptor) {
        metrics.accepted.increment()
        do {
            let session = try tls.map { try TLSSession($0()) }
            let channel = Channel(
                socket,
                isConnecting: false,
                tls: session,
                loop: loop,
                limits: limits,
                buffers: buffers
            )
            let greeter = ServerGreeter(channel: channel, server: self)
            channel.handler = greeter
            channels[ObjectIdentifier(greeter)] = channel
            metrics.open.change(by: 1)
            do { try channel.start() } catch { channel.close(error) }
        } catch {
            log.error("cannot serve a connection", ["error": "\(error)"])
        }
    }
}
