import EventLoop

extension SimulatedVantage.TracedPacket {
    /// Ports and identifiers from here on are those of traces.
    static let firstPort = 61_000

    func packet(from source: IPAddress, to destination: IPAddress, _ hopLimit: UInt8) -> (
        SimulatedVantage.Key, IPPacket
    ) {
        var packet: IPPacket
        let key: SimulatedVantage.Key
        switch self {
        case .echo(let identifier, let number, let payload):
            packet = .echoRequest(
                from: source,
                to: destination,
                identifier: Int(identifier),
                sequence: Int(number),
                payload: payload,
                hopLimit: hopLimit
            )
            key = .traced(IPPacket.Number.icmp, identifier, number)
        case .datagram(let own, let port, let number, _, let payload):
            packet = .datagram(from: source, own, to: destination, port, payload)
            key = .traced(IPPacket.Number.udp, own, number)
        case .connect(let own, let port, let number):
            let flow = TCPFlow(local: source, remote: destination, localPort: own, remotePort: port)
            packet = TCPSegment(flags: .synchronize, sequence: UInt32(number), acknowledged: 0).packet(on: flow)
            key = .traced(IPPacket.Number.tcp, own, number)
        }
        packet.hopLimit = hopLimit
        return (key, packet)
    }
}

extension IPPacket {
    /// Which packet of a trace this is, or which it answers.
    func tracedKey(isAnswer: Bool, _ numberOffset: Int) -> SimulatedVantage.Key? {
        guard !isLaterFragment, payload.count >= 8 else { return nil }
        let first = SimulatedVantage.TracedPacket.firstPort
        func key(_ number: UInt8, _ port: Int, _ value: Int) -> SimulatedVantage.Key? {
            port >= first ? .traced(number, UInt16(port), UInt16(value)) : nil
        }
        switch protocolNumber {
        case source.isV4 ? Number.icmp : Number.icmp6:
            let type: UInt8 = source.isV4 ? (isAnswer ? 0 : 8) : (isAnswer ? 129 : 128)
            guard payload.first == type else { return nil }
            return key(Number.icmp, bytes.word(at: payloadStart + 4), bytes.word(at: payloadStart + 6))
        case Number.udp:
            guard payload.count >= 8 + numberOffset + 2 else { return nil }
            let port = bytes.word(at: payloadStart + (isAnswer ? 2 : 0))
            return key(Number.udp, port, bytes.word(at: payloadStart + 8 + numberOffset))
        case Number.tcp:
            guard payload.count >= 12 || !isAnswer else { return nil }
            let port = bytes.word(at: payloadStart + (isAnswer ? 2 : 0))
            let sequence = bytes.doubleWord(at: payloadStart + (isAnswer ? 8 : 4)) &- (isAnswer ? 1 : 0)
            return key(Number.tcp, port, Int(sequence & 0xffff))
        default: return nil
        }
    }

    /// The type and code of an ICMP error, and the size that it names when it says that a packet is too big.
    var noticeHead: SimulatedVantage.Outcome.Notice {
        let (type, code) = (bytes[payloadStart], bytes[payloadStart + 1])
        let isTooBig = source.isV4 ? (type, code) == (3, 4) : type == 2
        let size = source.isV4 ? bytes.word(at: payloadStart + 6) : Int(bytes.doubleWord(at: payloadStart + 4))
        return .init(type: type, code: code, size: isTooBig ? size : 0)
    }
}
