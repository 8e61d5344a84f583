import Egress
import EventLoop

/// Where a probe goes: a host, and which of its addresses.
struct Destination: Equatable, Sendable {
    /// A name, or an address without brackets.
    var host: String
    var family = FamilyChoice.any
    /// The one address to keep to, which the gate let through.
    var pinned: IPAddress?

    /// The address to connect to; a name that was resolved a moment ago is not asked for again.
    func address(from gate: AddressGate, timeout: Duration) async throws(EgressError) -> IPAddress {
        if let pinned { return pinned }
        return try await gate.addresses(of: host, family: family, timeout: timeout)[0]
    }
}
