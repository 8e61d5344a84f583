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
    /// The domain of the names of a cluster that the agent is in.
    var clusterDomain = "cluster.local"

    private static let marker = "default targets"

    func create(
        seenBy agent: AgentRegistration,
        in inventory: Inventory,
        at now: Timestamp
    ) async throws {
        let isNeeded: SQL = "SELECT value FROM counter WHERE name = \(Self.marker)"
        guard try await inventory.read({ try $0.value(isNeeded, as: Int.self) }) == nil else { return }
        let targets = agent.node == nil ? targets(around: agent.surroundings) : targets(inClusterOf: agent.surroundings)
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
        return targets + gateway(for: nil)
    }

    /// What is the same for the agents of all nodes.
    ///
    /// A pod's router is its own node, and a service's address answers no echo.
    func targets(inClusterOf surroundings: AgentRegistration.Surroundings) -> [NewTarget] {
        let service = "kubernetes.default.svc.\(clusterDomain)"
        var api = CheckOptions()
        api.port = 443
        let own = NewTarget(address: "127.0.0.1", name: "Loopback", category: "local", checks: [.host])
        let resolvers = surroundings.resolvers.compactMap { text -> NewTarget? in
            // A cache on each node may have a link-local address, where nothing is probed.
            guard let resolver = IPAddress(text), !resolver.isLinkLocal else { return nil }
            var options = CheckOptions()
            options.query = service
            options.recordType = resolver.isV4 ? "A" : "AAAA"
            let check = NewTargetCheck(type: .dns, intervalMilliseconds: 5_000, options: options, agents: .cluster)
            return NewTarget(address: text, name: "Cluster DNS \(text)", category: "dns", checks: [check])
        }
        let checks = [NewTargetCheck(type: .tcp, options: api, agents: .cluster)]
        let server = NewTarget(address: service, name: "Kubernetes API", category: "kubernetes", checks: checks)
        return [own, server] + resolvers + gateway(for: .cluster)
    }

    private func gateway(for agents: AgentSelector?) -> [NewTarget] {
        guard let gatewayURL else { return [] }
        var options = CheckOptions()
        options.url = gatewayURL
        let check = NewTargetCheck(type: .http, options: options, agents: agents)
        return [NewTarget(address: gatewayURL, name: "Sonde gateway", category: "sonde", checks: [check])]
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

    /// 169.254.0.0/16 and fe80::/10.
    fileprivate var isLinkLocal: Bool {
        isV4 ? bytes.starts(with: [169, 254]) : bytes[0] == 0xfe && bytes[1] & 0xc0 == 0x80
    }
}
