import EventLoop
import TLS

/// Holds a new connection until it is known which protocol it speaks, and hands it over.
final class ServerGreeter: ChannelHandler, TimerHandler {
    private static let preface = Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8)

    private let channel: Channel
    private let server: HTTPServerLoop
    private var received: [UInt8] = []
    /// Ends the wait for a first word.
    private var timer: TimerToken?

    init(channel: Channel, server: HTTPServerLoop) {
        self.channel = channel
        self.server = server
    }

    func channelEstablished() {
        guard let tls = channel.tls else {
            let timeout = server.limits.headTimeout
            timer = channel.loop.arm(self, afterNanoseconds: UInt64(timeout.inNanoseconds))
            return
        }
        do {
            // A mesh peer that chose no protocol is refused by ALPN; a public one without ALPN speaks HTTP/1.1.
            if tls.applicationProtocol == .http2 { try startHTTP2() } else { startHTTP1() }
        } catch {
            channel.close(error)
        }
    }

    func channelReceived(_ bytes: Span<UInt8>) throws {
        unsafe bytes.withUnsafeBufferPointer { unsafe received.append(contentsOf: $0) }
        let common = zip(received, Self.preface).prefix { $0 == $1 }.count
        if common == Self.preface.count {
            try startHTTP2()
        } else if common < received.count {
            startHTTP1()
        } else {
            return
        }
        let bytes = received
        received = []
        try channel.handler?.channelReceived(bytes.span)
    }

    func channelFinished() {
        channel.close(nil)
    }

    func timerFired(_ token: TimerToken) {
        timer = nil
        channel.close(nil)
    }

    func channelWillFlush() {}

    func channelClosed(_ error: (any Error)?) {
        disarm()
        if let error, channel.tls != nil {
            let cause =
                switch error {
                case let error as TLSError where error.code == .untrusted: "untrusted"
                case is TLSError: "handshake"
                default: "connection"
                }
            server.refuse(cause, error, peer: channel.peerAddress)
        }
        server.closed(ObjectIdentifier(self))
    }

    private func startHTTP2() throws(HTTPError) {
        disarm()
        let connection = HTTP2ServerConnection(channel: channel, server: server)
        try connection.start()
        server.hand(channel, from: ObjectIdentifier(self), to: connection)
    }

    private func startHTTP1() {
        disarm()
        let connection = HTTP1Connection(channel: channel, server: server)
        connection.start()
        server.hand(channel, from: ObjectIdentifier(self), to: connection)
    }

    private func disarm() {
        if let timer { channel.loop.disarm(timer) }
        timer = nil
    }
}
