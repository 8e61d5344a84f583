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
        let (high, low, _) = address.words
        let carried = address.isV4 ? [] : IPAddress.carriedV4(high, low)
        let forms = [address] + carried.map { IPAddress(v4: $0) }
        return denied.contains { network in forms.contains(where: network.contains) }
    }
}
