import Configuration
import Contracts
import Testing

@testable import Kubernetes
@testable import OrchestratorService

@Suite("A discovered target")
struct DiscoveredTargetTests {
    private func service(
        _ annotations: [String: String],
        ports: [KubernetesService.Port]? = nil,
        type: String? = nil
    ) throws -> WantedTarget? {
        var metadata = KubernetesMetadata(name: "web", namespace: "shop")
        metadata.uid = "u1"
        metadata.annotations = Dictionary(uniqueKeysWithValues: annotations.map { ("sonde.dev/\($0.key)", $0.value) })
        metadata.annotations?["example.org/other"] = "x"
        let all =
            ports ?? [
                .init(name: "http", port: 8_080), .init(name: "https", port: 443),
                .init(name: "dns", port: 53, protocol: "UDP"),
            ]
        return try .of(KubernetesService(metadata: metadata, spec: .init(type: type, ports: all)), settings)
    }

    private func ingress(_ annotations: [String: String], _ hosts: [String?], secure: [String] = [])
        throws -> WantedTarget?
    {
        var metadata = KubernetesMetadata(name: "web", namespace: "shop")
        metadata.uid = "u2"
        metadata.annotations = Dictionary(uniqueKeysWithValues: annotations.map { ("sonde.dev/\($0.key)", $0.value) })
        let spec = KubernetesIngress.Spec(rules: hosts.map { .init(host: $0) }, tls: [.init(hosts: secure)])
        return try .of(KubernetesIngress(metadata: metadata, spec: spec), settings)
    }

    private var settings: DiscoverySettings {
        get throws {
            let values = [
                "ORCHESTRATOR_DISCOVERY_TENANTS": "shop=blue,shop=green",
                "ORCHESTRATOR_DISCOVERY_DOMAINS": "example.org",
            ]
            return try DiscoverySettings(from: Environment(values), inCluster: true)
        }
    }

    @Test("is a TCP handshake with a Service's first port, when nothing else is said")
    func plain() throws {
        #expect(try service([:]) == nil)
        #expect(try service(["probe": "false", "probe-type": "nonsense"]) == nil)
        let wanted = try #require(try service(["probe": "true"]))
        #expect(wanted.name == "shop/web")
        #expect(wanted.address == "web.shop.svc.cluster.local")
        #expect(wanted.labels == ["namespace": "shop", "name": "web", "kind": "Service"])
        #expect(wanted.tenant.rawValue == "blue")
        #expect(wanted.checks.map(\.type) == [.tcp])
        #expect(wanted.checks[0].options?.port == 8_080)
        #expect(wanted.checks[0].intervalMilliseconds == 5_000)
        #expect(wanted.checks[0].agents == AgentSelector(labels: ["platform": "kubernetes"], count: 2))
    }

    @Test("is what its annotations say")
    func chosen() throws {
        let wishes = ["probe": "true", "probe-interval": "30s", "tenant": "green"]
        let https = ["probe-type": "http", "probe-port": "https", "probe-path": "/health?x=1"]
        let web = try #require(try service(wishes.merging(https) { $1 }))
        #expect(web.checks[0].options?.url == "https://web.shop.svc.cluster.local:443/health?x=1")
        #expect(web.checks[0].intervalMilliseconds == 30_000)
        #expect(web.tenant.rawValue == "green")
        let named = try #require(try service(["probe": "true", "probe-type": "http", "probe-port": "8080"]))
        #expect(named.checks[0].options?.url == "http://web.shop.svc.cluster.local:8080/")
        let dns = try #require(try service(["probe": "true", "probe-type": "dns"]))
        #expect(dns.checks[0].options?.resolver == "web.shop.svc.cluster.local:53")
        #expect(try service(["probe": "true", "probe-type": "icmp"])?.checks[0].options == CheckOptions())
    }

    @Test("has a check for each host of an Ingress")
    func hosts() throws {
        let names = ["a.example.org", "*.example.org", "b.example.org", "a.example.org", nil]
        let wanted = try #require(try ingress(["probe": "true", "probe-path": "/x"], names, secure: ["b.example.org"]))
        #expect(wanted.address == "a.example.org")
        #expect(wanted.checks.map(\.options?.url) == ["http://a.example.org/x", "https://b.example.org/x"])
    }

    @Test(
        "is refused where its annotations make no sense, or lead elsewhere",
        arguments: [
            ["probe": "yes"], ["probe": "True"], ["probe-prot": "80"], ["probe-type": "stamp"], ["probe-type": "host"],
            ["probe-type": ""], ["probe-interval": "1ms"], ["probe-interval": "2d"], ["probe-interval": "often"],
            ["probe-interval": "99999999999999999999s"], ["probe-port": "22"], ["probe-port": "dns"],
            ["probe-port": "evil.example:80"], ["probe-port": ""], ["probe-path": "/"],
            ["probe-type": "http", "probe-path": "@evil.example/"],
            ["probe-type": "http", "probe-path": "http://evil.example/"],
            ["probe-type": "http", "probe-path": "/a b"], ["probe-type": "http", "probe-path": "/\u{1b}[2J"],
            ["probe-type": "http", "probe-path": "/\r\nHost: evil"],
            ["probe-type": "http", "probe-path": "/" + String(repeating: "x", count: 100_000)],
            ["probe-type": "icmp", "probe-port": "8080"], ["tenant": "red"], ["tenant": "default"], ["tenant": "A b"],
            ["probe-type": "udp", "probe-port": "http"],
        ]
    )
    func refused(annotations: [String: String]) {
        let error = #expect(throws: RefusedObject.self) {
            try service(["probe": "true"].merging(annotations) { $1 })
        }
        // What somebody wrote is not written into the log.
        #expect(error?.description.contains("evil") == false && error?.description.contains("\u{1b}") == false)
    }

    @Test("is refused for what stands for another host")
    func elsewhere() {
        #expect(throws: RefusedObject.self) { try service(["probe": "true"], type: "ExternalName") }
        #expect(throws: RefusedObject.self) { try service(["probe": "true"], ports: []) }
        #expect(throws: RefusedObject.self) { try service(["probe": "true"], ports: [.init(name: nil, port: 70_000)]) }
        for hosts in [[], [nil], ["*.example.org"], ["example.com"], ["badexample.org"], ["a.example.org", "a b"]] {
            #expect(throws: RefusedObject.self, "\(hosts)") { try ingress(["probe": "true"], hosts) }
        }
        let many = (0..<21).map { "h\($0).example.org" }
        #expect(throws: RefusedObject.self) { try ingress(["probe": "true"], many) }
        #expect(throws: RefusedObject.self) { try ingress(["probe": "true", "probe-type": "tcp"], ["example.org"]) }
        #expect(throws: RefusedObject.self) { try ingress(["probe": "true", "probe-port": "http"], ["example.org"]) }
    }

    @Test("has settings that say what is wrong with them")
    func settingErrors() {
        for (key, value) in [
            ("ORCHESTRATOR_DISCOVERY_TENANTS", "shop"), ("ORCHESTRATOR_DISCOVERY_TENANTS", "shop=A"),
            ("ORCHESTRATOR_DISCOVERY_DOMAINS", "a b"), ("ORCHESTRATOR_CLUSTER_DOMAIN", "-"),
            ("ORCHESTRATOR_DISCOVERY_AGENTS", "0"), ("ORCHESTRATOR_DISCOVERY_TENANT", "A"),
        ] {
            #expect(throws: ConfigurationError.self, "\(key)") {
                try DiscoverySettings(from: Environment([key: value]), inCluster: true)
            }
        }
        let error = #expect(throws: ConfigurationError.self) {
            try OrchestratorSettings(from: Environment(["ORCHESTRATOR_DISCOVERY": "true"]))
        }
        #expect(error?.message == "ORCHESTRATOR_DISCOVERY needs a cluster: set ORCHESTRATOR_KUBERNETES=true")
    }
}
