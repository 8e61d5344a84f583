import Contracts
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

/// What a look at one address begins with.
struct Look {
    var startedAt: Timestamp
    var address: IPAddress
    /// What the resolution has left of the time.
    var timeout: Duration
    /// With the address in it.
    var metadata: ProbeMetadata
}

extension Destination {
    /// Resolves, and has `look` tell what becomes of it; that either fails is an outcome as well.
    func look(
        by gate: AddressGate,
        timeout: Duration,
        _ look: (Look) async throws(ProbingError) -> ProbeOutcome
    ) async -> ProbeOutcome {
        let startedAt = Timestamp.now
        let clock = LoopClock(gate.resolver.loop)
        let start = clock.now
        var metadata = ProbeMetadata()
        let address: IPAddress
        do throws(EgressError) {
            address = try await self.address(from: gate, timeout: timeout)
        } catch {
            return ProbeOutcome(startedAt: startedAt, error, metadata: metadata)
        }
        metadata.text("address", address.description)
        do throws(ProbingError) {
            let left = max(.milliseconds(1), timeout - start.duration(to: clock.now))
            return try await look(Look(startedAt: startedAt, address: address, timeout: left, metadata: metadata))
        } catch {
            return ProbeOutcome(startedAt: startedAt, error, metadata: metadata)
        }
    }
}
