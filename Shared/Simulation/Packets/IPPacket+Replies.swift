import EventLoop

/// Why a packet went no further, for the one who sent it.
enum Undeliverable {
    case hopLimitExceeded
    case portUnreachable
    case noRoute
    /// The next link takes packets of so many bytes.
    case tooBig(Int)
}

extension IPPacket {
    /// The answer to an echo request (RFC 792, RFC 4443); `nil` to anything else.
    func echoReply() -> IPPacket? {
        let request: UInt8 = source.isV4 ? 8 : 128
        guard protocolNumber == (source.isV4 ? Number.icmp : Number.icmp6), payload.count >= 8,
            payload.first == request, !isFragment
        else { return nil }
        var message = Array(payload)
        message[0] = source.isV4 ? 0 : 129
        return Self.icmp(from: destination, to: source, message, mayBeFragmented: !mayNotBeFragmented)
    }

    /// What a node tells the sender of this packet; `nil` when that is not to be told (RFC 1122, section 3.2.2).
    ///
    /// It quotes the header and so many bytes behind it; as many as may be when that is `nil`.
    func notice(_ reason: Undeliverable, from address: IPAddress, quoting quoted: Int? = nil) -> IPPacket? {
        guard !isLaterFragment, !isError else { return nil }
        var message: [UInt8]
        switch (reason, source.isV4) {
        case (.hopLimitExceeded, true): message = [11, 0, 0, 0, 0, 0, 0, 0]
        case (.hopLimitExceeded, false): message = [3, 0, 0, 0, 0, 0, 0, 0]
        case (.portUnreachable, true): message = [3, 3, 0, 0, 0, 0, 0, 0]
        case (.portUnreachable, false): message = [1, 4, 0, 0, 0, 0, 0, 0]
        case (.noRoute, true): message = [3, 0, 0, 0, 0, 0, 0, 0]
        case (.noRoute, false): message = [1, 0, 0, 0, 0, 0, 0, 0]
        case (.tooBig(let mtu), true):
            message = [3, 4, 0, 0, 0, 0, 0, 0]
            message.setWord(mtu, at: 6)
        case (.tooBig(let mtu), false):
            message = [2, 0, 0, 0, 0, 0, 0, 0]
            message.setDoubleWord(UInt32(mtu), at: 4)
        }
        // As much of the packet as fits into what every link takes (RFC 1812, section 4.3.2.3; RFC 4443, section 2.4).
        message += bytes.prefix(quoted.map { payloadStart + $0 } ?? (source.isV4 ? 548 : 1_232))
        return Self.icmp(from: address, to: source, message)
    }

    /// Whether it is itself such a notice: nobody answers those.
    private var isError: Bool {
        guard let type = payload.first else { return false }
        switch protocolNumber {
        case Number.icmp: return type != 8 && type != 0
        case Number.icmp6: return type < 128
        default: return false
        }
    }

    /// An ICMP message, with its checksum filled in.
    static func icmp(
        from source: IPAddress,
        to destination: IPAddress,
        _ message: [UInt8],
        hopLimit: UInt8 = 64,
        mayBeFragmented: Bool = false
    ) -> IPPacket {
        let number = source.isV4 ? Number.icmp : Number.icmp6
        var message = message
        message.setWord(0, at: 2)
        let start = source.isV4 ? 0 : pseudoHeaderSum(source, destination, number, count: message.count)
        message.setWord(internetChecksum(message, adding: start), at: 2)
        return IPPacket(
            from: source,
            to: destination,
            number,
            payload: message,
            hopLimit: hopLimit,
            mayBeFragmented: mayBeFragmented
        )
    }
}

/// The ports of a UDP datagram or a TCP segment.
struct Ports {
    var source: UInt16
    var destination: UInt16

    init?(_ packet: IPPacket) {
        let isPorted = packet.protocolNumber == IPPacket.Number.udp || packet.protocolNumber == IPPacket.Number.tcp
        guard isPorted, packet.payload.count >= 8, !packet.isLaterFragment else { return nil }
        source = UInt16(packet.bytes.word(at: packet.payloadStart))
        destination = UInt16(packet.bytes.word(at: packet.payloadStart + 2))
    }
}

extension IPPacket {
    /// What a datagram carries.
    var datagram: [UInt8] { Array(payload.dropFirst(8)) }

    /// A datagram in answer to this one.
    func udpAnswer(_ ports: Ports, _ data: [UInt8]) -> IPPacket {
        .datagram(
            from: destination,
            ports.destination,
            to: source,
            ports.source,
            data,
            mayBeFragmented: !mayNotBeFragmented
        )
    }
}
