public import EventLoop

/// What kind of network an address belongs to (IANA's special-purpose address registries, RFC 6890).
public enum AddressClass: String, Sendable, CaseIterable {
    /// Reachable from everywhere.
    case global
    /// 127.0.0.0/8, ::1.
    case loopback
    /// RFC 1918, and site-local IPv6.
    case `private`
    /// Carriers' NAT, RFC 6598: 100.64.0.0/10.
    case shared
    /// RFC 4193: fc00::/7.
    case uniqueLocal = "unique-local"
    /// 169.254.0.0/16, fe80::/10.
    case linkLocal = "link-local"
    /// Where clouds answer any process of a machine with its credentials.
    case metadata
    /// 224.0.0.0/4, ff00::/8.
    case multicast
    case broadcast
    /// 0.0.0.0/8, ::.
    case unspecified
    /// RFC 5737, RFC 3849, RFC 2544: for books and benchmarks.
    case documentation
    /// IPv6 that a translator turns into a global IPv4 address: NAT64, 6to4, Teredo.
    case translated
    /// Not given out to anyone.
    case reserved

    /// Sorts an address; an IPv6 address that stands for an IPv4 address is what that is.
    public init(of address: IPAddress) {
        let (high, low, _) = address.words
        self = address.isV4 ? Self.v4(UInt32(truncatingIfNeeded: low)) : Self.v6(high, low)
    }

    private static func v4(_ bits: UInt32) -> Self {
        func isIn(_ network: UInt32, _ length: UInt32) -> Bool { (bits ^ network) >> (32 - length) == 0 }
        // EC2 and most others, Alibaba, Azure, Oracle.
        if [0xa9fe_a9fe, 0x6464_64c8, 0xa83f_8110, 0xc000_00c0].contains(bits) { return .metadata }
        if isIn(0x7f00_0000, 8) { return .loopback }
        if isIn(0x0a00_0000, 8) || isIn(0xac10_0000, 12) || isIn(0xc0a8_0000, 16) { return .private }
        if isIn(0x6440_0000, 10) { return .shared }
        if isIn(0xa9fe_0000, 16) { return .linkLocal }
        if isIn(0xe000_0000, 4) { return .multicast }
        if bits == .max { return .broadcast }
        if isIn(0, 8) { return .unspecified }
        let books: [(UInt32, UInt32)] = [
            (0xc000_0200, 24), (0xc633_6400, 24), (0xcb00_7100, 24), (0xc612_0000, 15),
        ]
        if books.contains(where: isIn) { return .documentation }
        if isIn(0xf000_0000, 4) || isIn(0xc000_0000, 24) || isIn(0xc058_6300, 24) { return .reserved }
        return .global
    }

    private static func v6(_ high: UInt64, _ low: UInt64) -> Self {
        func isIn(_ network: UInt64, _ length: UInt64) -> Bool { (high ^ network) >> (64 - length) == 0 }
        if high == 0, low == 1 { return .loopback }
        if high == 0, low == 0 { return .unspecified }
        // The EC2 metadata service.
        if high == 0xfd00_0ec2_0000_0000, low == 0x254 { return .metadata }
        if let embedded = embedded(high, low) { return embedded }
        if isIn(0xfe80 << 48, 10) { return .linkLocal }
        if isIn(0xfec0 << 48, 10) { return .private }
        if isIn(0xfc00 << 48, 7) { return .uniqueLocal }
        if isIn(0xff00 << 48, 8) { return .multicast }
        if isIn(0x2001_0db8 << 32, 32) || isIn(0x3fff << 48, 20) || (isIn(0x2001_0002 << 32, 48)) {
            return .documentation
        }
        return isIn(0x2000 << 48, 3) ? .global : .reserved
    }

    /// What an IPv6 address stands for that carries IPv4 addresses; the least harmless of them.
    private static func embedded(_ high: UInt64, _ low: UInt64) -> Self? {
        // RFC 8215: where in the address the IPv4 address lies is the local network's secret.
        if high >> 16 == 0x0064_ff9b_0001 { return .reserved }
        let classes = IPAddress.carriedV4(high, low).map(v4)
        guard let first = classes.first else { return nil }
        // IPv4-compatible and IPv4-mapped: the IPv4 address itself.
        if high == 0, low >> 32 == 0 || low >> 32 == 0xffff { return first }
        return classes.first { $0 != .global } ?? .translated
    }
}

extension IPAddress {
    /// The IPv4 addresses that an IPv6 address carries: mapped and compatible (RFC 4291), translated (RFC 2765, RFC
    /// 6052), 6to4 (RFC 3056), Teredo's server and client (RFC 4380).
    static func carriedV4(_ high: UInt64, _ low: UInt64) -> [UInt32] {
        let lowest = UInt32(truncatingIfNeeded: low)
        switch (high, low >> 32) {
        case (0, 0), (0, 0xffff), (0, 0xffff_0000), (0x0064_ff9b_0000_0000, 0): return [lowest]
        case _ where high >> 48 == 0x2002: return [UInt32(truncatingIfNeeded: high >> 16)]
        case _ where high >> 32 == 0x2001_0000: return [UInt32(truncatingIfNeeded: high), ~lowest]
        default: return []
        }
    }
}
