import EventLoop

/// A session reflector of a simulated host (RFC 8762, unauthenticated), which counts what it sends to each sender.
///
/// Takes no time to answer. Its clock is the network's, which is right for those alone who have the same.
struct STAMPService {
    private static let bytes = 44
    private static let maximumSessions = 10_000
    private static let secondsFrom1900To1970: UInt64 = 2_208_988_800
    /// What a clock says that nobody keeps right, and one that is right to a fraction of a nanosecond (RFC 4656,
    /// section 4.1.2).
    private static let clockError = (unknown: 1, none: 0x8001)

    private struct Session: Hashable {
        var sender: IPAddress
        var reflector: IPAddress
        var ports: UInt32
    }

    private struct Count {
        var sent: UInt32 = 0
        var usedAt: UInt64
    }

    /// A session that has said nothing for so long is over (RFC 5357, section 4.2, REFWAIT).
    private static let patience: UInt64 = 900_000_000_000

    private var counts: [Session: Count] = [:]

    /// The answer to a datagram, as long as that; `nil` for one that is too short, or from a reflector.
    ///
    /// `time` is the clock's, in nanoseconds since 1970.
    mutating func reflection(of packet: IPPacket, _ ports: Ports, at time: UInt64, isRight: Bool) -> [UInt8]? {
        let request = packet.datagram
        let pair = UInt32(ports.source) << 16 | UInt32(ports.destination)
        let session = Session(sender: packet.source, reflector: packet.destination, ports: pair)
        guard request.count >= Self.bytes, ports.source != ports.destination,
            let number = count(session, at: time)
        else { return nil }
        var answer = request
        answer.setDoubleWord(number, at: 0)
        for offset in [4, 16] {
            let (seconds, rest) = time.quotientAndRemainder(dividingBy: 1_000_000_000)
            answer.setDoubleWord(UInt32(truncatingIfNeeded: Self.secondsFrom1900To1970 + seconds), at: offset)
            // Rounded as senders do, so that a delay of nothing is not less than that.
            answer.setDoubleWord(UInt32((rest << 32 + 500_000_000) / 1_000_000_000), at: offset + 4)
        }
        answer.setWord(isRight ? Self.clockError.none : Self.clockError.unknown, at: 12)
        answer.setWord(0, at: 14)
        answer.replaceSubrange(24..<38, with: request[..<14])
        answer.setWord(0, at: 38)
        answer.replaceSubrange(40..<44, with: [packet.hopLimit, 0, 0, 0])
        return answer
    }

    /// The number of the next answer; `nil` when there are more sessions than are remembered.
    private mutating func count(_ session: Session, at time: UInt64) -> UInt32? {
        if let count = counts[session], time - count.usedAt < Self.patience {
            counts[session] = Count(sent: count.sent &+ 1, usedAt: time)
            return count.sent
        }
        if counts.count >= Self.maximumSessions {
            counts = counts.filter { time - $0.value.usedAt < Self.patience }
            guard counts.count < Self.maximumSessions else { return nil }
        }
        counts[session] = Count(sent: 1, usedAt: time)
        return 0
    }
}
