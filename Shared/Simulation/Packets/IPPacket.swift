import EventLoop

/// One IPv4 (RFC 791) or IPv6 (RFC 8200) packet, checked so far that its header can be read.
struct IPPacket {
    /// Numbers of the protocols above IP (IANA).
    enum Number {
        static let icmp: UInt8 = 1
        static let tcp: UInt8 = 6
        static let udp: UInt8 = 17
        static let icmp6: UInt8 = 58
    }

    private(set) var bytes: [UInt8]
    let source: IPAddress
    let destination: IPAddress
    let payloadStart: Int

    /// `nil` for bytes that are no packet; of one that is quoted in a notice the end may be missing.
    ///
    /// What lies behind extension headers is not looked for.
    init?(_ bytes: [UInt8], isQuoted: Bool = false) {
        guard let first = bytes.first else { return nil }
        switch first >> 4 {
        case 4:
            let header = Int(first & 15) * 4
            guard header >= 20, bytes.count >= header, isQuoted || bytes.word(at: 2) == bytes.count,
                let source = IPAddress(bytes: Array(bytes[12..<16])),
                let destination = IPAddress(bytes: Array(bytes[16..<20]))
            else { return nil }
            (self.source, self.destination, payloadStart) = (source, destination, header)
        case 6:
            guard bytes.count >= 40, isQuoted || bytes.word(at: 4) + 40 == bytes.count,
                let source = IPAddress(bytes: Array(bytes[8..<24])),
                let destination = IPAddress(bytes: Array(bytes[24..<40]))
            else { return nil }
            (self.source, self.destination, payloadStart) = (source, destination, 40)
        default: return nil
        }
        self.bytes = bytes
    }

    /// A packet of our own.
    init(
        from source: IPAddress,
        to destination: IPAddress,
        _ number: UInt8,
        payload: [UInt8],
        hopLimit: UInt8 = 64,
        mayBeFragmented: Bool = false
    ) {
        self.source = source
        self.destination = destination
        if source.isV4 {
            payloadStart = 20
            bytes =
                [0x45, 0, 0, 0, 0, 0, mayBeFragmented ? 0 : 0x40, 0, hopLimit, number, 0, 0] + source.bytes
                + destination.bytes + payload
            bytes.setWord(bytes.count, at: 2)
            bytes.setWord(internetChecksum(bytes[..<20]), at: 10)
        } else {
            payloadStart = 40
            bytes = [0x60, 0, 0, 0, 0, 0, number, hopLimit] + source.bytes + destination.bytes + payload
            bytes.setWord(payload.count, at: 4)
        }
    }

    var version: Int { source.isV4 ? 4 : 6 }
    var protocolNumber: UInt8 { bytes[source.isV4 ? 9 : 6] }
    var payload: ArraySlice<UInt8> { bytes[payloadStart...] }

    /// Whether it is for a group (RFC 5771, RFC 4291, section 2.7).
    var isMulticast: Bool { source.isV4 ? bytes[16] >> 4 == 14 : bytes[24] == 0xff }

    /// Whether it is a fragment other than the first.
    var isLaterFragment: Bool { source.isV4 && bytes.word(at: 6) & 0x1fff != 0 }
    /// Whether it is a fragment at all; hosts here put none together.
    var isFragment: Bool { source.isV4 && bytes.word(at: 6) & 0x3fff != 0 }

    /// Whether every checksum in it is right: the sum over what it covers, itself included, is all ones.
    var isSound: Bool {
        guard !source.isV4 || internetChecksum(bytes[..<payloadStart]) == 0 else { return false }
        guard !isFragment else { return true }
        switch protocolNumber {
        case Number.icmp where source.isV4: return internetChecksum(payload) == 0
        case Number.udp where source.isV4 && payload.count >= 8 && bytes.word(at: payloadStart + 6) == 0: return true
        case Number.udp, Number.tcp, Number.icmp6:
            let sum = pseudoHeaderSum(source, destination, protocolNumber, count: payload.count)
            return internetChecksum(payload, adding: sum) == 0
        default: return true
        }
    }

    /// Whether routers have to drop it where it does not fit; IPv6 knows nothing else.
    var mayNotBeFragmented: Bool { !source.isV4 || bytes[6] & 0x40 != 0 }

    /// Hops it may still make (time to live, hop limit).
    var hopLimit: UInt8 {
        get { bytes[source.isV4 ? 8 : 7] }
        set {
            bytes[source.isV4 ? 8 : 7] = newValue
            guard source.isV4 else { return }
            bytes.setWord(0, at: 10)
            bytes.setWord(internetChecksum(bytes[..<payloadStart]), at: 10)
        }
    }

    /// A hash of what all packets of a flow have in common, by which routers spread flows.
    ///
    /// That is addresses, protocol, and the first word behind the header: ports, or an ICMP message's checksum.
    var flowHash: UInt64 {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        func mix(_ bytes: some Sequence<UInt8>) {
            for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
        }
        mix(source.bytes)
        mix(destination.bytes)
        mix([protocolNumber])
        mix(payload.prefix(4))
        return hash
    }
}

/// The checksum of IP, ICMP, UDP and TCP (RFC 1071), over words from the first byte on.
func internetChecksum(_ bytes: some Sequence<UInt8>, adding start: Int = 0) -> Int {
    var sum = start
    var isHigh = true
    for byte in bytes {
        sum += isHigh ? Int(byte) << 8 : Int(byte)
        isHigh.toggle()
    }
    while sum > 0xffff { sum = sum & 0xffff + sum >> 16 }
    return ~sum & 0xffff
}

/// The sum of the pseudo header in front of what is above IP (RFC 8200, section 8.1).
func pseudoHeaderSum(_ source: IPAddress, _ destination: IPAddress, _ number: UInt8, count: Int) -> Int {
    let words = ~internetChecksum(source.bytes + destination.bytes) & 0xffff
    return words + Int(number) + count
}

extension Array where Element == UInt8 {
    /// Two bytes in network order.
    func word(at index: Int) -> Int { Int(self[index]) << 8 | Int(self[index + 1]) }

    mutating func setWord(_ value: Int, at index: Int) {
        self[index] = UInt8(truncatingIfNeeded: value >> 8)
        self[index + 1] = UInt8(truncatingIfNeeded: value)
    }

    /// Four bytes in network order.
    func doubleWord(at index: Int) -> UInt32 { UInt32(word(at: index)) << 16 | UInt32(word(at: index + 2)) }

    mutating func setDoubleWord(_ value: UInt32, at index: Int) {
        setWord(Int(value >> 16), at: index)
        setWord(Int(value & 0xffff), at: index + 2)
    }
}
