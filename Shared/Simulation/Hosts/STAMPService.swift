import EventLoop

/// A session reflector of a simulated host (RFC 8762, unauthenticated), which counts what it sends to each sender.
///
/// Takes no time to answer. Its clock is the network's, which nobody keeps right.
struct STAMPService {
    private static let bytes = 44
    private static let maximumSessions = 10_000
    /// The first moment of 2026, in seconds since 1900: when networks begin.
    private static let start: UInt64 = 3_976_214_400

    private struct Session: Hashable {
        var sender: IPAddress
        var reflector: IPAddress
        var ports: UInt32
    }

    private var sent: [Session: UInt32] = [:]

    /// The answer to a datagram, as long as that; `nil` for one that is too short, or from a reflector.
    mutating func reflection(of packet: IPPacket, _ ports: Ports, now: UInt64) -> [UInt8]? {
        let request = packet.datagram
        let pair = UInt32(ports.source) << 16 | UInt32(ports.destination)
        let session = Session(sender: packet.source, reflector: packet.destination, ports: pair)
        guard request.count >= Self.bytes, ports.source != ports.destination,
            sent[session] != nil || sent.count < Self.maximumSessions
        else { return nil }
        let number = sent[session] ?? 0
        sent[session] = number &+ 1
        var answer = request
        answer.setDoubleWord(number, at: 0)
        for offset in [4, 16] {
            answer.setDoubleWord(UInt32(truncatingIfNeeded: Self.start + now / 1_000_000_000), at: offset)
            answer.setDoubleWord(UInt32((now % 1_000_000_000) << 32 / 1_000_000_000), at: offset + 4)
        }
        answer.setWord(1, at: 12)
        answer.setWord(0, at: 14)
        answer.replaceSubrange(24..<38, with: request[..<14])
        answer.setWord(0, at: 38)
        answer.replaceSubrange(40..<44, with: [packet.hopLimit, 0, 0, 0])
        return answer
    }
}
