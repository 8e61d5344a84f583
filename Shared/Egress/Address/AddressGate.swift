public import EventLoop

/// Which address families may be used, and which first.
public enum FamilyChoice: String, Sendable {
    /// As the system's own order has it (RFC 6724).
    case any
    case v4
    case v6
}

/// Turns a host into addresses that may be connected to: resolves, classifies each address, drops the forbidden ones.
///
/// Who connects to what this returned cannot be led elsewhere by a name that resolves differently a moment later.
/// To be used on the resolver's loop.
public final class AddressGate {
    private struct Entry {
        var addresses: [IPAddress]
        var expiresNanoseconds: UInt64
    }

    /// A name's addresses are kept as long as its records say, but at least and at most this long.
    private static let lifetimeSeconds = 1...300

    public let resolver: DNSResolver
    public let policy: AddressPolicy
    private let maximumNames: Int
    private var names: [String: Entry] = [:]

    public init(_ resolver: DNSResolver, policy: AddressPolicy = .standard, maximumNames: Int = 4_096) {
        self.resolver = resolver
        self.policy = policy
        self.maximumNames = maximumNames
    }

    /// The addresses of a name, or the one that `host` is, in the order in which to try them; never empty.
    ///
    /// Throws `EgressError` with `resolve`, `forbidden`, `timeout`, `busy` or `cancelled`.
    public func addresses(
        of host: String,
        family: FamilyChoice = .any,
        timeout: Duration = .seconds(5)
    ) async throws(EgressError) -> [IPAddress] {
        let all: [IPAddress]
        if let address = IPAddress(host) {
            all = [address]
        } else {
            all = try await lookUp(host, family, timeout)
        }
        let wanted = all.filter { family == .any || $0.isV4 == (family == .v4) }
        guard !wanted.isEmpty else { throw EgressError(.resolve, "the target has no address of this family") }
        let allowed = wanted.filter(policy.allows)
        guard !allowed.isEmpty else {
            throw EgressError(.forbidden, "the policy allows none of the target's addresses")
        }
        return allowed
    }

    private func lookUp(
        _ name: String,
        _ family: FamilyChoice,
        _ timeout: Duration
    ) async throws(EgressError) -> [IPAddress] {
        let key = "\(family.rawValue) \(name)"
        if let entry = names[key], entry.expiresNanoseconds > resolver.loop.now { return entry.addresses }
        let found = try await resolver.addresses(of: name, family: family, timeout: timeout)
        let seconds = found.map(\.timeToLiveSeconds).min() ?? 0
        let lifetime = min(max(seconds, Self.lifetimeSeconds.lowerBound), Self.lifetimeSeconds.upperBound)
        makeRoom()
        names[key] = Entry(
            addresses: found.map(\.address),
            expiresNanoseconds: resolver.loop.now + UInt64(lifetime) * 1_000_000_000
        )
        return found.map(\.address)
    }

    private func makeRoom() {
        guard names.count >= maximumNames else { return }
        let now = resolver.loop.now
        names = names.filter { $0.value.expiresNanoseconds > now }
        if names.count >= maximumNames { names.removeAll() }
    }
}
