public import EventLoop

/// Sends requests into a simulated network from one of its vantage points, and tells what comes of each, in the
/// network's own time.
///
/// Does what a kernel does for its sockets, as far as requests need it. Takes over the network's `deliver`.
public final class SimulatedVantage {
    /// What came of one request.
    public struct Outcome: Equatable, Sendable {
        public enum Ending: Equatable, Sendable {
            case answered
            /// The port is closed.
            case refused
            /// A router knows no way.
            case unreachable
            case hopLimitExceeded
            case packetTooBig
            case timeout
        }

        public var ending: Ending
        /// From the first packet of the request to what ended it, in nanoseconds.
        public var elapsed: UInt64
        /// What the answer carried.
        public var data: [UInt8] = []
        /// Who sent it; `nil` when nothing came.
        public var sender: IPAddress?
        /// Of a notice, its ICMP type and code, and the size of packet that it names.
        public var notice: Notice?

        public struct Notice: Equatable, Sendable {
            public var type: UInt8
            public var code: UInt8
            public var size: Int
        }
    }

    public typealias Completion = (Outcome) -> Void

    enum Key: Hashable {
        case echo(Int)
        case udp(UInt16)
        case tcp(UInt16)
        /// Of many with one port, or one identifier: protocol, port and number.
        case traced(UInt8, UInt16, UInt16)
    }

    /// What a packet of a trace is made of.
    public enum TracedPacket: Equatable, Sendable {
        /// An ICMP echo's identifier, number and payload.
        case echo(identifier: UInt16, number: UInt16, payload: [UInt8])
        /// A UDP datagram's ports, and a payload that has the number at an offset.
        case datagram(from: UInt16, to: UInt16, number: UInt16, at: Int, payload: [UInt8])
        /// A request for a TCP connection, with the number in its sequence number.
        case connect(from: UInt16, to: UInt16, number: UInt16)
    }

    private struct Request {
        var sentAt: UInt64
        var destination: IPAddress
        /// What is sent again while nothing comes, and how often it was.
        var again: (packet: IPPacket, attempts: Int)?
        /// Tells it from an earlier one with the same key.
        var number: Int
        var done: Completion
    }

    private static let identifier = 0x50de
    private static let firstPort: UInt16 = 32_768
    /// Linux's: one second, and twice as long each time.
    private static let retransmission: UInt64 = 1_000_000_000

    let network: SimulatedNetwork
    private let node: NetworkDescription.Node
    private var requests: [Key: Request] = [:]
    private var connections: [UInt16: SimulatedConnection] = [:]
    private var sockets: [UInt16: SimulatedSocket] = [:]
    private var count = 0
    private var sequence = 0
    private var port = firstPort
    /// Where traced datagrams have their number.
    private var numberOffset = 0

    public init(_ network: SimulatedNetwork, at node: NetworkDescription.Node) {
        self.network = network
        self.node = node
        network.hasSharedClock = true
        network.deliver = { [unowned self] bytes, name, _ in
            if name == node.name, let packet = IPPacket(bytes) { take(packet) }
        }
    }

    /// Bytes of the largest packet that leaves this point.
    public var linkSize: Int { network.linkSize(of: node.name) }

    /// Sends an ICMP echo request.
    public func echo(
        to address: IPAddress,
        payloadBytes: Int = 56,
        hopLimit: UInt8 = 64,
        timeout: Duration,
        _ done: @escaping Completion
    ) {
        sequence = (sequence + 1) & 0xffff
        guard let source = source(for: address) else { return done(Outcome(ending: .unreachable, elapsed: 0)) }
        let packet = IPPacket.echoRequest(
            from: source,
            to: address,
            identifier: Self.identifier,
            sequence: sequence,
            payload: [UInt8](repeating: 0, count: payloadBytes),
            hopLimit: hopLimit
        )
        start(.echo(sequence), packet, timeout, done)
    }

    /// Sends a datagram, and waits for one from where it went.
    public func exchange(
        with address: IPAddress,
        port: UInt16,
        _ data: [UInt8],
        timeout: Duration,
        _ done: @escaping Completion
    ) {
        guard let source = source(for: address) else { return done(Outcome(ending: .unreachable, elapsed: 0)) }
        let own = nextPort()
        let packet = IPPacket.datagram(from: source, own, to: address, port, data)
        start(.udp(own), packet, timeout, done)
    }

    /// Opens a TCP connection and drops it at once; the request for it is sent again as a kernel does.
    public func connect(to address: IPAddress, port: UInt16, timeout: Duration, _ done: @escaping Completion) {
        guard let source = source(for: address) else { return done(Outcome(ending: .unreachable, elapsed: 0)) }
        let own = nextPort()
        let flow = TCPFlow(local: source, remote: address, localPort: own, remotePort: port)
        let request = TCPSegment(flags: .synchronize, sequence: UInt32(truncatingIfNeeded: count), acknowledged: 0)
        let packet = request.packet(on: flow)
        start(.tcp(own), packet, timeout, done)
        requests[.tcp(own)]?.again = (packet, 0)
        sendAgain(.tcp(own), number: count, after: Self.retransmission)
    }

    /// Opens a TCP connection, which tells of what happens on it, and that it has failed when it still lasts after
    /// `timeout`.
    public func open(
        to address: IPAddress,
        port: UInt16,
        timeout: Duration,
        _ hear: @escaping (SimulatedConnection.Event) -> Void
    ) -> SimulatedConnection {
        let own = nextPort()
        let source = source(for: address)
        let flow = TCPFlow(local: source ?? address, remote: address, localPort: own, remotePort: port)
        let connection = SimulatedConnection(flow, of: self, number: UInt32(truncatingIfNeeded: count), hear)
        count += 1
        if source != nil { connections[own] = connection }
        connection.start(timeout, hasSource: source != nil)
        return connection
    }

    /// Opens a UDP socket for one peer, which tells of all that comes from there until it is closed.
    public func socket(
        to address: IPAddress,
        port: UInt16,
        mayBeFragmented: Bool = true,
        _ hear: @escaping (SimulatedSocket.Arrival) -> Void
    ) -> SimulatedSocket {
        let own = nextPort()
        let source = source(for: address)
        let flow = TCPFlow(local: source ?? address, remote: address, localPort: own, remotePort: port)
        let socket = SimulatedSocket(source == nil ? nil : flow, of: self, mayBeFragmented, hear)
        sockets[own] = socket
        return socket
    }

    func send(_ packet: IPPacket) { network.send(packet.bytes, from: node.name) }
    func forget(connection port: UInt16) { connections[port] = nil }
    func forget(socket port: UInt16) { sockets[port] = nil }

    /// Sends one packet of a trace: of those with one port or identifier, many may be under way with other numbers.
    ///
    /// Ports and identifiers are 61,000 or more.
    public func send(
        _ traced: TracedPacket,
        to address: IPAddress,
        hopLimit: UInt8,
        timeout: Duration,
        _ done: @escaping Completion
    ) {
        guard let source = source(for: address) else { return done(Outcome(ending: .unreachable, elapsed: 0)) }
        if case .datagram(_, _, _, let offset, _) = traced { numberOffset = offset }
        let (key, packet) = traced.packet(from: source, to: address, hopLimit)
        start(key, packet, timeout, done)
    }

    // MARK: Requests

    private func source(for address: IPAddress) -> IPAddress? {
        node.addresses.first { $0.isV4 == address.isV4 }
    }

    private func nextPort() -> UInt16 {
        repeat {
            port = port == 60_999 ? Self.firstPort : port + 1
        } while connections[port] != nil || sockets[port] != nil
        return port
    }

    private func start(_ key: Key, _ packet: IPPacket, _ timeout: Duration, _ done: @escaping Completion) {
        count += 1
        let number = count
        // So many requests are under way that one has had its number for too long.
        if let old = requests[key] { end(key, old, .timeout) }
        requests[key] = Request(sentAt: network.now, destination: packet.destination, number: number, done: done)
        network.schedule(at: network.now + timeout.nanoseconds) { [weak self] in
            guard let self, let request = requests[key], request.number == number else { return }
            end(key, request, .timeout)
        }
        network.send(packet.bytes, from: node.name)
    }

    private func sendAgain(_ key: Key, number: Int, after pause: UInt64) {
        network.schedule(at: network.now + pause) { [weak self] in
            guard let self, let request = requests[key], request.number == number, let again = request.again
            else { return }
            requests[key]?.again?.attempts += 1
            network.send(again.packet.bytes, from: node.name)
            sendAgain(key, number: number, after: pause * 2)
        }
    }

    private func end(
        _ key: Key,
        _ request: Request,
        _ ending: Outcome.Ending,
        data: [UInt8] = [],
        from sender: IPAddress? = nil,
        notice: Outcome.Notice? = nil
    ) {
        requests[key] = nil
        let elapsed = network.now - request.sentAt
        request.done(Outcome(ending: ending, elapsed: elapsed, data: data, sender: sender, notice: notice))
    }

    // MARK: Answers

    private func take(_ packet: IPPacket) {
        if let (about, ending) = packet.noticed {
            guard !tell(of: about, ending, packet.noticeHead) else { return }
            guard let key = key(ofRequest: about), let request = requests[key] else { return }
            return end(key, request, ending, from: packet.source, notice: packet.noticeHead)
        }
        if let key = packet.tracedKey(isAnswer: true, numberOffset) {
            guard let request = requests[key], request.destination == packet.source else { return }
            let isReset = TCPSegment(packet)?.flags.contains(.reset) == true
            return end(key, request, isReset ? .refused : .answered, data: packet.datagram, from: packet.source)
        }
        if let sequence = packet.echoReplySequence(identifier: Self.identifier) {
            guard let request = requests[.echo(sequence)], request.destination == packet.source else { return }
            return end(.echo(sequence), request, .answered, data: packet.datagram, from: packet.source)
        }
        guard let ports = Ports(packet) else { return }
        let isTCP = packet.protocolNumber == IPPacket.Number.tcp
        guard !hand(packet, ports) else { return }
        let key: Key = isTCP ? .tcp(ports.destination) : .udp(ports.destination)
        guard let request = requests[key], request.destination == packet.source else { return }
        guard isTCP else { return end(key, request, .answered, data: packet.datagram, from: packet.source) }
        guard let segment = TCPSegment(packet) else { return }
        if segment.flags.contains(.reset) { return end(key, request, .refused, from: packet.source) }
        guard segment.flags.contains([.synchronize, .acknowledge]) else { return }
        let farewell = TCPSegment(flags: .reset, sequence: segment.acknowledged, acknowledged: 0)
        network.send(farewell.packet(on: TCPFlow(packet, ports)).bytes, from: node.name)
        end(key, request, .answered, from: packet.source)
    }

    /// Hands a packet to the connection or the socket that it is for; `false` when there is none.
    ///
    /// What is for a connection that is gone is refused, but for the answer to a request that was given up.
    private func hand(_ packet: IPPacket, _ ports: Ports) -> Bool {
        let flow = TCPFlow(packet, ports)
        guard packet.protocolNumber == IPPacket.Number.tcp else {
            guard let socket = sockets[ports.destination], socket.flow == flow else { return false }
            socket.hear(.datagram(packet.datagram))
            return true
        }
        guard let segment = TCPSegment(packet) else { return true }
        if let connection = connections[ports.destination], connection.flow == flow {
            connection.take(segment)
            return true
        }
        guard requests[.tcp(ports.destination)] == nil, !segment.flags.contains(.synchronize) else { return false }
        if let refusal = segment.refusal { send(refusal.packet(on: flow)) }
        return true
    }

    /// Tells a connection or a socket of a notice; `false` when it is about neither.
    private func tell(of packet: IPPacket, _ ending: Outcome.Ending, _ notice: Outcome.Notice) -> Bool {
        guard let ports = Ports(packet) else { return false }
        let flow = TCPFlow(
            local: packet.source,
            remote: packet.destination,
            localPort: ports.source,
            remotePort: ports.destination
        )
        if packet.protocolNumber == IPPacket.Number.tcp {
            guard let connection = connections[ports.source], connection.flow == flow else { return false }
            connection.take(ending)
        } else {
            guard let socket = sockets[ports.source], socket.flow == flow else { return false }
            socket.hear(.notice(notice))
        }
        return true
    }

    private func key(ofRequest packet: IPPacket) -> Key? {
        if let key = packet.tracedKey(isAnswer: false, numberOffset) { return key }
        if let sequence = packet.echoRequestSequence(identifier: Self.identifier) { return .echo(sequence) }
        guard let ports = Ports(packet) else { return nil }
        return packet.protocolNumber == IPPacket.Number.tcp ? .tcp(ports.source) : .udp(ports.source)
    }
}
