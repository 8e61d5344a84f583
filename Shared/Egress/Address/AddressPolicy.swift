public import EventLoop

/// Which addresses may be connected to.
public struct AddressPolicy: Equatable, Sendable {
    public var allowed: Set<AddressClass>
    /// Networks that may not be connected to whatever their class, such as those of a cluster's own services.
    public var denied: [IPNetwork]

    public init(allowed: Set<AddressClass>, denied: [IPNetwork] = []) {
        self.allowed = allowed
        self.denied = denied
    }

    /// Everything but link-local and metadata, multicast, broadcast, unspecified and reserved addresses.
    public static let standard = Self(
        allowed: [.global, .loopback, .private, .shared, .uniqueLocal, .documentation, .translated]
    )

    /// The same without loopback: what an agent may reach that works for several people.
    public static let remote = Self(allowed: standard.allowed.subtracting([.loopback]))

    /// Addresses of the Internet alone.
    public static let global = Self(allowed: [.global])

    public func allows(_ address: IPAddress) -> Bool {
        allowed.contains(AddressClass(of: address)) && !isDenied(address)
    }

    /// An IPv6 address that stands for an IPv4 address is looked at as both.
    private func isDenied(_ address: IPAddress) -> Bool {
        guard !denied.isEmpty else { return false }
        let forms = [address] + address.embeddedV4
        return denied.contains { network in forms.contains(where: network.contains) }
    }
}

extension IPAddress {
    /// The IPv4 addresses that an IPv6 address carries: mapped, compatible, NAT64, 6to4 (RFC 4291, 6052, 3056).
    fileprivate var embeddedV4: [IPAddress] {
        guard !isV4 else { return [] }
        let (high, low, _) = words
        var found: [UInt32] = []
        if high == 0 || high == 0x0064_ff9b_0000_0000 { found.append(UInt32(truncatingIfNeeded: low)) }
        if high >> 48 == 0x2002 { found.append(UInt32(truncatingIfNeeded: high >> 16)) }
        return found.map { IPAddress(v4: $0) }
    }
}
