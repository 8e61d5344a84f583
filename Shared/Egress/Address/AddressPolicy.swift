public import EventLoop

/// Which addresses may be connected to.
public struct AddressPolicy: Equatable, Sendable {
    public var allowed: Set<AddressClass>

    public init(allowed: Set<AddressClass>) {
        self.allowed = allowed
    }

    /// Everything but link-local and metadata, multicast, broadcast, unspecified and reserved addresses.
    public static let standard = Self(
        allowed: [.global, .loopback, .private, .shared, .uniqueLocal, .documentation, .translated]
    )

    /// Addresses of the Internet alone.
    public static let global = Self(allowed: [.global])

    public func allows(_ address: IPAddress) -> Bool {
        allowed.contains(AddressClass(of: address))
    }
}
