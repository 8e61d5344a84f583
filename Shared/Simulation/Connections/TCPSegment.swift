import EventLoop

/// A TCP segment (RFC 9293, section 3.1), as far as the hosts here care.
struct TCPSegment: Equatable {
    var flags: TCPFlags
    var sequence: UInt32
    var acknowledged: UInt32
    var window = 65_535
    /// Bytes of data that the sender takes in one segment, as a SYN says.
    var maximumSize: Int?
    var data: [UInt8] = []

    /// What follows the last byte of this segment.
    var next: UInt32 {
        sequence &+ UInt32(data.count) &+ (flags.contains(.synchronize) ? 1 : 0) &+ (flags.contains(.finish) ? 1 : 0)
    }

    /// Whether it asks for a connection.
    var isRequest: Bool { flags.intersection([.synchronize, .acknowledge, .reset]) == .synchronize }

    /// What a port that nobody listens at says; `nil` to a reset.
    var refusal: TCPSegment? {
        guard !flags.contains(.reset) else { return nil }
        return flags.contains(.acknowledge)
            ? TCPSegment(flags: .reset, sequence: acknowledged, acknowledged: 0, window: 0)
            : TCPSegment(flags: [.reset, .acknowledge], sequence: 0, acknowledged: next, window: 0)
    }

    /// What a server answers that remembers nothing: it accepts, takes what it is sent, and closes when the peer does.
    ///
    /// `initial` is its first sequence number, the same for all segments of a flow.
    func acceptance(initial: UInt32) -> TCPSegment? {
        guard !flags.contains(.reset) else { return nil }
        if flags.contains([.synchronize, .acknowledge]) { return refusal }
        if isRequest {
            return TCPSegment(flags: [.synchronize, .acknowledge], sequence: initial, acknowledged: next)
        }
        if flags.contains(.finish) {
            return TCPSegment(flags: [.finish, .acknowledge], sequence: initial &+ 1, acknowledged: next)
        }
        guard !data.isEmpty else { return nil }
        return TCPSegment(flags: .acknowledge, sequence: initial &+ 1, acknowledged: next)
    }
}

/// The two ends of a connection, as the host sees them.
struct TCPFlow: Hashable {
    var local: IPAddress
    var remote: IPAddress
    var localPort: UInt16
    var remotePort: UInt16
}

extension TCPFlow {
    /// As who takes `packet` sees it.
    init(_ packet: IPPacket, _ ports: Ports) {
        self.init(
            local: packet.destination,
            remote: packet.source,
            localPort: ports.destination,
            remotePort: ports.source
        )
    }
}

/// The control bits of a segment.
struct TCPFlags: OptionSet {
    let rawValue: UInt8

    static let finish = Self(rawValue: 1)
    static let synchronize = Self(rawValue: 2)
    static let reset = Self(rawValue: 4)
    static let acknowledge = Self(rawValue: 16)
}

extension TCPSegment {
    /// Reads the segment of a packet; `nil` when there is none, or a broken one.
    init?(_ packet: IPPacket) {
        let bytes = Array(packet.payload)
        guard packet.protocolNumber == IPPacket.Number.tcp, !packet.isLaterFragment, bytes.count >= 20 else {
            return nil
        }
        let header = Int(bytes[12] >> 4) * 4
        guard header >= 20, header <= bytes.count else { return nil }
        flags = TCPFlags(rawValue: bytes[13])
        sequence = bytes.doubleWord(at: 4)
        acknowledged = bytes.doubleWord(at: 8)
        window = bytes.word(at: 14)
        maximumSize = Self.maximumSize(bytes, upTo: header)
        data = Array(bytes[header...])
    }

    /// The option that a SYN says it with (RFC 9293, section 3.7.1).
    private static func maximumSize(_ bytes: [UInt8], upTo end: Int) -> Int? {
        var index = 20
        while index < end, bytes[index] != 0 {
            guard bytes[index] != 1 else {
                index += 1
                continue
            }
            guard index + 1 < end, bytes[index + 1] >= 2, index + Int(bytes[index + 1]) <= end else { return nil }
            if bytes[index] == 2, bytes[index + 1] == 4 { return bytes.word(at: index + 2) }
            index += Int(bytes[index + 1])
        }
        return nil
    }

    /// The packet that carries it; IPv4 routers may fragment it, since nobody here looks for the way's largest packet.
    func packet(on flow: TCPFlow) -> IPPacket {
        var segment = [UInt8](repeating: 0, count: 20)
        segment.setWord(Int(flow.localPort), at: 0)
        segment.setWord(Int(flow.remotePort), at: 2)
        segment.setDoubleWord(sequence, at: 4)
        segment.setDoubleWord(acknowledged, at: 8)
        segment[12] = 5 << 4
        segment[13] = flags.rawValue
        segment.setWord(window, at: 14)
        if let maximumSize {
            segment[12] = 6 << 4
            segment += [2, 4, UInt8(truncatingIfNeeded: maximumSize >> 8), UInt8(truncatingIfNeeded: maximumSize)]
        }
        segment += data
        let number = IPPacket.Number.tcp
        let sum = pseudoHeaderSum(flow.local, flow.remote, number, count: segment.count)
        segment.setWord(internetChecksum(segment, adding: sum), at: 16)
        return IPPacket(from: flow.local, to: flow.remote, number, payload: segment, mayBeFragmented: true)
    }
}
