import Contracts
import EventLoop

/// What the packets of one flow carry: enough to know them again, and a word that keeps their checksum the same.
///
/// Routers choose among equal ways by addresses, protocol and the first words behind the IP header: the ports of UDP and
/// TCP, and often the checksum of ICMP (Augustin et al., "Avoiding traceroute anomalies with Paris traceroute", 2006).
/// So ports stay what they are, and the payload makes up for what changes:
///
///     0  cookie, secret, the same for a trace     8  number     10  complement     12  zeros
struct TracePacket: Equatable, Sendable {
    static let minimumBytes = 12
    /// Bytes of an ICMP echo's header, in front of the payload when a router quotes it.
    private static let echoHeader = 8

    let mode: TraceMode
    let cookie: UInt64
    /// Of the flow's packets from where the number stands on, identifier and payload together.
    let sum: UInt16
    /// Of an echo: what the kernel writes into it.
    let identifier: UInt16
    let isV4: Bool

    /// The whole datagram of UDP, or the echo message of ICMP with a header whose checksum the kernel fills in.
    func bytes(number: UInt16, payloadBytes: Int) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(Self.echoHeader + payloadBytes)
        if mode == .icmp {
            bytes += [isV4 ? 8 : 128, 0, 0, 0]
            bytes.append(word: identifier)
            bytes.append(word: number)
        }
        for shift in stride(from: 48, through: 0, by: -16) {
            bytes.append(word: UInt16(truncatingIfNeeded: cookie >> shift))
        }
        bytes.append(word: number)
        bytes.append(word: complement(number))
        bytes.append(contentsOf: repeatElement(0, count: max(0, payloadBytes - Self.minimumBytes)))
        return bytes
    }

    /// The number of the echo that a reply answers; `nil` for one that has not all that makes it ours.
    func number(inReply data: some Collection<UInt8>) -> UInt16? {
        data.count >= Self.echoHeader + Self.minimumBytes ? number(in: data) : nil
    }

    /// The number of a packet of this flow, from an answer to it: an echo reply, or what a router quotes.
    ///
    /// `nil` for what is not ours. Of a UDP datagram, a router that quotes no more than its header tells nothing.
    func number(in data: some Collection<UInt8>) -> UInt16? {
        let bytes = Array(data.prefix(Self.echoHeader + Self.minimumBytes))
        guard mode == .icmp else { return payloadNumber(bytes[...]) }
        guard bytes.count >= Self.echoHeader else { return nil }
        let number = bytes.word(at: 6)
        // Eight bytes are all that some routers quote; if there is more, it must be right.
        guard bytes.count >= Self.echoHeader + Self.minimumBytes else {
            return bytes.word(at: 4) == identifier ? number : nil
        }
        return payloadNumber(bytes[Self.echoHeader...]) == number ? number : nil
    }

    private func payloadNumber(_ bytes: ArraySlice<UInt8>) -> UInt16? {
        guard bytes.count >= Self.minimumBytes else { return nil }
        let payload = Array(bytes)
        let value = payload[..<8].reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        let number = payload.word(at: 8)
        return value == cookie && payload.word(at: 10) == complement(number) ? number : nil
    }

    private func complement(_ number: UInt16) -> UInt16 {
        var rest = UInt32(sum) + 4 * 0xffff + 3 * 0xffff
        for shift in stride(from: 48, through: 0, by: -16) {
            rest -= UInt32(UInt16(truncatingIfNeeded: cookie >> shift))
        }
        rest -= UInt32(number)
        if mode == .icmp { rest -= UInt32(number) + UInt32(identifier) }
        return UInt16(rest % 0xffff)
    }
}

extension [UInt8] {
    mutating func append(word: UInt16) {
        append(UInt8(word >> 8))
        append(UInt8(word & 0xff))
    }

    /// Two bytes in network order.
    func word(at index: Int) -> UInt16 { UInt16(self[index]) << 8 | UInt16(self[index + 1]) }
}
