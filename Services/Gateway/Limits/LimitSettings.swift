import Configuration

/// How much anybody may ask of a gateway.
public struct LimitSettings: Sendable {
    /// Calls of all people of a tenant together.
    var tenant = RateLimit(burst: 2_000, perSecond: 500)
    /// Calls of one person, or with one API token.
    var person = RateLimit(burst: 1_000, perSecond: 200)
    /// Calls from one address that are not known to be anybody's; a /64 of IPv6 is one address.
    var address = RateLimit(burst: 500, perSecond: 50)
    /// Calls under way at once.
    var concurrentCalls = 512
    /// Of one tenant.
    var concurrentTenantCalls = 64
    /// Tenants, people and addresses that are told apart, each.
    var maximumKnown = 10_000

    public init() {}

    init(from environment: Environment) throws(ConfigurationError) {
        tenant = try environment.rate("GATEWAY_TENANT_RATE", default: tenant)
        person = try environment.rate("GATEWAY_PERSON_RATE", default: person)
        address = try environment.rate("GATEWAY_ADDRESS_RATE", default: address)
        concurrentCalls = try environment.integer("GATEWAY_MAX_CALLS", default: concurrentCalls, in: 1...100_000)
        concurrentTenantCalls = try environment.integer(
            "GATEWAY_MAX_TENANT_CALLS",
            default: concurrentTenantCalls,
            in: 1...100_000
        )
        maximumKnown = try environment.integer("GATEWAY_MAX_CALLERS", default: maximumKnown, in: 2...1_000_000)
    }
}

extension Environment {
    /// Reads `RATE` or `RATE:BURST`, calls a second and at once; the burst is four times the rate when left out.
    fileprivate func rate(_ key: String, default fallback: RateLimit) throws(ConfigurationError) -> RateLimit {
        guard let text = optionalString(key) else { return fallback }
        let parts = text.split(separator: ":", omittingEmptySubsequences: false).map { Int($0) }
        guard (1...2).contains(parts.count), let perSecond = parts[0], (1...1_000_000).contains(perSecond),
            let burst = parts.count == 2 ? parts[1] : perSecond * 4, (1...10_000_000).contains(burst)
        else { throw ConfigurationError("\(key) must be calls a second, or RATE:BURST, got \"\(text)\"") }
        return RateLimit(burst: burst, perSecond: perSecond)
    }
}
