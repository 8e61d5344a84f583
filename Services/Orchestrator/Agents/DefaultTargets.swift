import Contracts
import Database
import EventLoop
import JSONRPC

/// The targets that a new installation begins with: what its first agent has around it.
///
/// They are made once, when the first agent registers, and never again, whatever becomes of them.
struct DefaultTargets: Sendable {
    /// The gateway's health page; not watched when `nil`.
    var gatewayURL: String?

    private static let marker = "default targets"

    func create(
        seenFrom surroundings: AgentRegistration.Surroundings,
        in inventory: Inventory,
        at now: Timestamp
    ) async throws {
        let isNeeded: SQL = "SELECT value FROM counter WHERE name = \(Self.marker)"
        guard try await inventory.read({ try $0.value(isNeeded, as: Int.self) }) == nil else { return }
        let targets = targets(around: surroundings)
        try await inventory.change { connection in
            let tenant = TenantID.first
            guard try connection.value(isNeeded, as: Int.self) == nil else { return }
            try connection.execute("INSERT INTO counter (name, value) VALUES (\(Self.marker), 1)")
            let count = try connection.count("SELECT count(*) FROM target WHERE tenant = \(tenant.rawValue)")
            // Whoever has added targets already has said what is to be watched.
            guard count == 0 else { return }
            for new in targets {
                let target = Target(new, at: now)
                try connection.counting(target.id, of: tenant, nil) {
                    try connection.insert(target, of: tenant)
                    for check in new.checks ?? [] {
                        try connection.insert(Check(check, of: target, at: now), of: tenant)
                    }
                }
            }
        }
    }

    /// One target an address, each with every check that suits it.
    func targets(around surroundings: AgentRegistration.Surroundings) -> [NewTarget] {
        let reachesItself = surroundings.allowsLoopback ?? true
        let own: [NewTargetCheck] = reachesItself ? [.icmp, .host] : [.host]
        var targets = [NewTarget(address: "127.0.0.1", name: "Loopback", category: "local", checks: own)]
        if let router = surroundings.router, IPAddress(router) != nil {
            targets.append(NewTarget(address: router, name: "Default router", category: "network", checks: [.icmp]))
        }
        for resolver in surroundings.resolvers {
            guard let address = IPAddress(resolver), reachesItself || !address.isLoopback else { continue }
            if let known = targets.firstIndex(where: { $0.address == resolver }) {
                if targets[known].checks?.contains(where: { $0.type == .dns }) != true {
                    targets[known].checks?.append(.rootServers)
                }
                continue
            }
            // An echo to a resolver on the agent's own host says what the one to loopback says.
            let checks: [NewTargetCheck] = address.isLoopback ? [.rootServers] : [.icmp, .rootServers]
            targets.append(
                NewTarget(address: resolver, name: "DNS resolver \(resolver)", category: "dns", checks: checks)
            )
        }
        if let gatewayURL {
            var options = CheckOptions()
            options.url = gatewayURL
            let check = NewTargetCheck(type: .http, options: options)
            targets.append(
                NewTarget(address: gatewayURL, name: "Sonde gateway", category: "sonde", checks: [check])
            )
        }
        return targets
    }
}

extension NewTargetCheck {
    fileprivate static let icmp = Self(type: .icmp)
    fileprivate static let host = Self(type: .host, intervalMilliseconds: 10_000)

    /// Asks a resolver for the name servers of the root: the one question that every resolver can answer whatever
    /// names its network knows, and that depends on nobody's domain.
    fileprivate static let rootServers: Self = {
        var options = CheckOptions()
        options.query = "."
        options.recordType = "NS"
        return Self(type: .dns, intervalMilliseconds: 5_000, options: options)
    }()
}

extension IPAddress {
    /// 127.0.0.0/8 and ::1.
    fileprivate var isLoopback: Bool { isV4 ? bytes.first == 127 : description == "::1" }
}
