import Contracts
import Testing

@testable import OrchestratorService

@Suite("Default targets")
struct DefaultTargetTests {
    @Test("are in a cluster what is the same for all of its nodes")
    func clusterTargets() {
        let defaults = DefaultTargets(gatewayURL: "http://gateway:8080/healthz", clusterDomain: "k8s.example")
        let resolvers = ["10.96.0.10", "fd00::a", "169.254.20.10", "fe80::1", "none"]
        let targets = defaults.targets(
            inClusterOf: AgentRegistration.Surroundings(router: "10.244.1.1", resolvers: resolvers)
        )
        let api = "kubernetes.default.svc.k8s.example"
        #expect(
            targets.map(\.address)
                == ["127.0.0.1", api, "10.96.0.10", "fd00::a", "http://gateway:8080/healthz"]
        )
        let checks = targets.compactMap(\.checks)
        #expect(checks.map { $0.map(\.type) } == [[.host], [.tcp], [.dns], [.dns], [.http]])
        #expect(checks[1][0].options?.port == 443)
        #expect(checks[2][0].options?.query == api && checks[2][0].options?.recordType == "A")
        #expect(checks[3][0].options?.recordType == "AAAA")
        // A host outside the cluster knows none of these names.
        let inside = AgentSelector(labels: ["platform": "kubernetes"])
        #expect(checks.map { $0[0].agents } == [nil, inside, inside, inside, inside])
    }
}
