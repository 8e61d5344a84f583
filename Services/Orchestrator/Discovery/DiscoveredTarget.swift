import Contracts
import JSONRPC
import Kubernetes

extension WantedTarget {
    /// The target that a Service asks for; `nil` when it asks for none.
    ///
    /// It is probed by its own name and on its own ports alone, whatever its annotations say.
    static func of(_ service: KubernetesService, _ settings: DiscoverySettings) throws(RefusedObject) -> WantedTarget? {
        guard let wishes = try ProbeAnnotations(service.metadata) else { return nil }
        guard service.spec?.type != "ExternalName" else {
            throw RefusedObject("a Service of type ExternalName stands for another host")
        }
        let (name, namespace) = (service.metadata.name, service.metadata.namespace ?? "")
        let host = "\(name).\(namespace).svc.\(settings.clusterDomain)"
        let type = wishes.type ?? .tcp
        var options = CheckOptions()
        switch type {
        case .icmp: try wishes.allowNeither(.icmp)
        case .dns:
            let port = try service.port(wishes.port, over: ["UDP"])
            options.resolver = "\(host):\(port.port)"
            // What every resolver can answer, whatever names it knows.
            (options.query, options.recordType) = (".", "NS")
        case .http:
            let port = try service.port(wishes.port, over: ["TCP"])
            let isSecure = port.port == 443 || port.name == "https"
            options.url = "\(isSecure ? "https" : "http")://\(host):\(port.port)\(wishes.path ?? "/")"
        case .udp: options.port = try service.port(wishes.port, over: ["UDP"]).port
        default: options.port = try service.port(wishes.port, over: ["TCP"]).port
        }
        guard type == .http || wishes.path == nil else {
            throw RefusedObject("sonde.dev/probe-path is for probes of type http")
        }
        let agents = AgentSelector.cluster.limited(to: settings.agents)
        return try checked(service.metadata, "Service", wishes, host, [(type, options)], agents, settings)
    }

    /// The same of an Ingress, which has a check for each of its hosts.
    static func of(_ ingress: KubernetesIngress, _ settings: DiscoverySettings) throws(RefusedObject) -> WantedTarget? {
        guard let wishes = try ProbeAnnotations(ingress.metadata) else { return nil }
        guard wishes.type == nil || wishes.type == .http else {
            throw RefusedObject("an Ingress is probed by http alone")
        }
        let port = try wishes.port.map { text throws(RefusedObject) in
            guard let number = UInt16(text), number > 0 else {
                throw RefusedObject("sonde.dev/probe-port of an Ingress must be a number from 1 to 65535")
            }
            return ":\(number)"
        }
        let secure = Set((ingress.spec?.tls ?? []).flatMap { $0.hosts ?? [] })
        var hosts: [String] = []
        for host in (ingress.spec?.rules ?? []).compactMap(\.host) where !hosts.contains(host) && !host.hasPrefix("*") {
            guard isHostName(host) else { throw RefusedObject("it has a host that is no name") }
            guard settings.allows(host) else {
                throw RefusedObject("its host \(host) is in no domain of ORCHESTRATOR_DISCOVERY_DOMAINS")
            }
            hosts.append(host)
        }
        guard let first = hosts.first else { throw RefusedObject("it names no host that could be probed") }
        guard hosts.count <= maximumHosts else { throw RefusedObject("it has more than \(maximumHosts) hosts") }
        let checks = hosts.map { host in
            var options = CheckOptions()
            let scheme = secure.contains(host) ? "https" : "http"
            options.url = "\(scheme)://\(host)\(port ?? "")\(wishes.path ?? "/")"
            return (CheckType.http, options)
        }
        let agents = AgentSelector(count: settings.agents)
        return try checked(ingress.metadata, "Ingress", wishes, first, checks, agents, settings)
    }

    private static let maximumHosts = 20

    /// Throws for what no person could have made either.
    private static func checked(
        _ metadata: KubernetesMetadata,
        _ kind: String,
        _ wishes: ProbeAnnotations,
        _ address: String,
        _ checks: [(type: CheckType, options: CheckOptions)],
        _ agents: AgentSelector,
        _ settings: DiscoverySettings
    ) throws(RefusedObject) -> WantedTarget {
        guard let uid = metadata.uid, let namespace = metadata.namespace else {
            throw RefusedObject("it has no uid or no namespace")
        }
        let milliseconds = Int(wishes.interval / .milliseconds(1))
        let wanted = WantedTarget(
            owner: .object(uid),
            tenant: try settings.tenant(of: namespace, wishes.tenant),
            name: "\(namespace)/\(metadata.name)",
            address: address,
            category: kind.lowercased(),
            labels: ["namespace": namespace, "name": metadata.name, "kind": kind],
            checks: checks.map { check in
                NewTargetCheck(
                    type: check.type,
                    intervalMilliseconds: milliseconds,
                    options: check.options,
                    agents: agents
                )
            }
        )
        do {
            try wanted.validate()
        } catch {
            throw RefusedObject(error.message)
        }
        return wanted
    }

    private func validate() throws(RPCError) {
        let now = Timestamp(microseconds: 0)
        var new = NewTarget(address: address, name: name, category: category)
        new.labels = labels
        let target = Target(new, at: now)
        try target.validate()
        for check in checks { try Check(check, of: target, at: now).validate() }
    }
}

extension ProbeAnnotations {
    fileprivate func allowNeither(_ type: CheckType) throws(RefusedObject) {
        guard port == nil else {
            throw RefusedObject("sonde.dev/probe-port is not for probes of type \(type.rawValue)")
        }
    }
}

extension KubernetesService {
    /// The port of this name or number, or else the first one over these protocols; it must be one of the Service's own.
    fileprivate func port(_ wish: String?, over protocols: Set<String>) throws(RefusedObject) -> Port {
        let fitting = (spec?.ports ?? []).filter { protocols.contains($0.protocol ?? "TCP") }
        let words = protocols.sorted().joined(separator: " or ")
        guard let wish else {
            guard let first = fitting.first else { throw RefusedObject("the Service has no \(words) port") }
            return first
        }
        guard let port = fitting.first(where: { $0.name == wish || String($0.port) == wish }) else {
            throw RefusedObject("sonde.dev/probe-port is no \(words) port of the Service")
        }
        return port
    }
}

extension DiscoverySettings {
    fileprivate func tenant(of namespace: String, _ wish: TenantID?) throws(RefusedObject) -> TenantID {
        let allowed = tenants[namespace] ?? []
        guard let wish else { return allowed.first ?? tenant }
        guard allowed.contains(wish) else {
            throw RefusedObject("the namespace may not name this tenant; see ORCHESTRATOR_DISCOVERY_TENANTS")
        }
        return wish
    }

    fileprivate func allows(_ host: String) -> Bool {
        let host = host.lowercased()
        return domains.isEmpty || domains.contains { host == $0 || host.hasSuffix(".\($0)") }
    }
}
