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
    let startedAt: Timestamp
    let address: IPAddress
    /// What the resolution has left of the time.
    let timeout: Duration
    /// With the address in it; what is added stays when the look ends in an error.
    var metadata: ProbeMetadata
}

extension Destination {
    /// Resolves, and has `body` tell what becomes of it; that either fails is an outcome as well.
    func look<Failure: ProbeFailure>(
        by gate: AddressGate,
        timeout: Duration,
        _ body: (inout Look) async throws(Failure) -> ProbeOutcome
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
        let left = max(.milliseconds(1), timeout - start.duration(to: clock.now))
        var look = Look(startedAt: startedAt, address: address, timeout: left, metadata: metadata)
        do throws(Failure) {
            return try await body(&look)
        } catch {
            return ProbeOutcome(startedAt: startedAt, error, metadata: look.metadata)
        }
    }
}
