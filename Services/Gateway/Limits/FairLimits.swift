import Contracts
import EventLoop
import JSON
import JSONRPC
import Synchronization

/// Shares the gateway among tenants, people and addresses: each has a bucket of calls, and each tenant so many places.
///
/// Nobody's calls are taken from another's bucket, so who calls too much is refused alone.
final class FairLimits: Sendable {
    private struct State {
        var tenants: BucketTable
        var people: BucketTable
        var addresses: BucketTable
        var calls = 0
        var tenantCalls: [TenantID: Int] = [:]
    }

    private let settings: LimitSettings
    private let state: Mutex<State>
    /// Time since some moment.
    private let clock: @Sendable () -> Duration

    init(_ settings: LimitSettings, clock: (@Sendable () -> Duration)? = nil) {
        self.settings = settings
        let start = ContinuousClock.now
        self.clock = clock ?? { start.duration(to: .now) }
        state = Mutex(
            State(
                tenants: BucketTable(settings.tenant, capacity: settings.maximumKnown),
                people: BucketTable(settings.person, capacity: settings.maximumKnown),
                addresses: BucketTable(settings.address, capacity: settings.maximumKnown)
            )
        )
    }

    /// Takes one of all the places there are, for as long as the visit lasts.
    ///
    /// Throws `unavailable` when there is none.
    func enter(_ visit: Visit) throws(RPCError) {
        let hasRoom = state.withLock { state in
            guard state.calls < settings.concurrentCalls else { return false }
            state.calls += 1
            return true
        }
        guard hasRoom else {
            throw RPCError(.unavailable, "too many calls are under way", data: ["retry_after_ms": 1_000])
        }
        visit.hold(Place { [weak self] in self?.state.withLock { $0.calls -= 1 } })
    }

    /// Counts a call of nobody in particular; `count` 0 only asks whether one would be let through.
    ///
    /// Throws `busy` when the address has used up its share.
    func admit(_ address: String, count: Int = 1, _ visit: Visit?) throws(RPCError) {
        let key = Self.key(of: address)
        let now = clock()
        let allowance = state.withLock { $0.addresses.take(count, from: key, now: now) }
        visit?.note(allowance)
        try Self.check(allowance, "this address", visit)
    }

    /// Counts a call of `person`, and takes a place in the tenant once a visit.
    ///
    /// Throws `busy` when the person, or the tenant, has used up its share.
    func admit(_ person: Person, _ visit: Visit?) throws(RPCError) {
        let now = clock()
        // Each API token has a bucket of its own.
        let key = visit?.isProgram == true ? person.login?.rawValue : nil
        // The tenant pays only for what its people were let through with.
        let (own, shared) = state.withLock { state in
            let own = state.people.take(1, from: key ?? person.id.rawValue, now: now)
            guard own.waitMilliseconds == 0 else { return (own, Allowance?.none) }
            return (own, state.tenants.take(1, from: person.tenant.rawValue, now: now))
        }
        visit?.note(own)
        try Self.check(own, "you", visit)
        if let shared {
            visit?.note(shared)
            try Self.check(shared, "your tenant", visit)
        }
        if let visit, visit.enters(person.tenant) { try takePlace(in: person.tenant, visit) }
    }

    private func takePlace(in tenant: TenantID, _ visit: Visit) throws(RPCError) {
        let hasRoom = state.withLock { state in
            guard state.tenantCalls[tenant, default: 0] < settings.concurrentTenantCalls else { return false }
            state.tenantCalls[tenant, default: 0] += 1
            return true
        }
        guard hasRoom else {
            visit.noteRefusal()
            throw RPCError(.busy, "too many calls of your tenant are under way", data: ["retry_after_ms": 1_000])
        }
        visit.hold(Place { [weak self] in self?.leave(tenant) })
    }

    private func leave(_ tenant: TenantID) {
        state.withLock { state in
            let left = state.tenantCalls[tenant, default: 1] - 1
            state.tenantCalls[tenant] = left > 0 ? left : nil
        }
    }

    private static func check(_ allowance: Allowance, _ who: String, _ visit: Visit?) throws(RPCError) {
        guard allowance.waitMilliseconds > 0 else { return }
        visit?.noteRefusal()
        throw RPCError(
            .busy,
            "\(who) called too often",
            data: ["retry_after_ms": .int(allowance.waitMilliseconds)]
        )
    }

    /// Who has one address of IPv6 has all of its /64.
    private static func key(of host: String) -> String {
        let text = host.hasPrefix("[") ? String(host.dropFirst().prefix { $0 != "]" }) : host
        guard let address = IPAddress(text), !address.isV4 else { return text }
        return "\(address.words.high)/64"
    }
}
