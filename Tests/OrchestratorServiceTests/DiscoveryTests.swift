import Contracts
import JSON
import JSONRPC
import Kubernetes
import Lifecycle
import Observability
import ServiceTesting
import TestServers
import Testing

@testable import OrchestratorService

@Suite("Discovery", .everyEngine, .timeLimit(.minutes(5)))
struct DiscoveryTests {
    private static let on = "sonde.dev/probe"
    private static let ports: JSONValue = ["spec": ["ports": [["name": "http", "port": 80]]]]

    let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    private func discovering(
        _ body: @escaping @Sendable (KubernetesServer, RPCClient, MemorySink) async throws -> Void
    ) async throws {
        try await withCluster { server, kubernetes in
            let sink = MemorySink()
            try await withOrchestrator(
                in: directory,
                kubernetes: kubernetes,
                discovery: true,
                sink: sink
            ) { client in try await body(server, client, sink) }
        }
    }

    private func targets(
        _ client: RPCClient,
        until isReached: ([String: Target]) -> Bool
    ) async throws -> [String: Target] {
        while true {
            let all = try await client.call(.listTargets, TargetFilter()).targets.filter { $0.keeper == .kubernetes }
            let found = Dictionary(all.map { ($0.name, $0) }) { first, _ in first }
            if isReached(found) { return found }
            await pause()
        }
    }

    private func make(_ name: String, _ annotations: [String: String], _ server: KubernetesServer) throws {
        let values = JSONValue.object(annotations.mapValues { .string($0) })
        try server.create("v1/services", name, namespace: "shop", ["metadata": ["annotations": values]])
        try server.patch("v1/services", name, namespace: "shop", Self.ports)
    }

    @Test("makes a target of what asks for it, changes it with the object, and takes it away with it")
    func life() async throws {
        try await discovering { server, client, _ in
            try make("quiet", [:], server)
            try make("web", [Self.on: "true"], server)
            let host: JSONValue = ["spec": ["rules": [["host": "www.example.org"]]]]
            try server.create("networking.k8s.io/v1/ingresses", "door", namespace: "shop", host)
            let first = try await targets(client) { $0.count == 1 }
            let web = try #require(first["shop/web"])
            #expect(web.address == "web.shop.svc.cluster.local")
            let error = try await failure {
                try await client.call(.deleteTarget, TargetRemoval(id: web.id))
            }
            #expect(error.message == "target \"shop/web\" follows an object of the cluster; change its annotations")

            let annotations: JSONValue = ["metadata": ["annotations": ["sonde.dev/probe": "true"]]]
            try server.patch("networking.k8s.io/v1/ingresses", "door", namespace: "shop", annotations)
            #expect(try await targets(client) { $0.count == 2 }["shop/door"]?.address == "www.example.org")

            let http: JSONValue = ["metadata": ["annotations": ["sonde.dev/probe-type": "http"]]]
            let before = try await client.call(.listChecks, CheckFilter(targetID: web.id)).checks
            try server.patch("v1/services", "web", namespace: "shop", http)
            while try await client.call(.listChecks, CheckFilter(targetID: web.id)).checks.map(\.type) != [.http] {
                await pause()
            }
            #expect(before.map(\.type) == [.tcp])
            try server.delete("v1/services", "web", namespace: "shop")
            #expect(try await targets(client) { $0.count == 1 }["shop/door"] != nil)
            // The same again is another one.
            try make("web", [Self.on: "true"], server)
            #expect(try await targets(client) { $0.count == 2 }["shop/web"]?.id != web.id)
        }
    }

    @Test("says once what is wrong with an object, and is held up by none")
    func wrong() async throws {
        try await discovering { server, client, sink in
            try make("odd", [Self.on: "true", "sonde.dev/probe-type": "\u{1b}]0;x\u{7}"], server)
            let shape: JSONValue = ["spec": ["ports": "many"]]
            try server.create("v1/services", "broken", namespace: "shop", shape)
            try make("web", [Self.on: "true"], server)
            _ = try await targets(client) { $0.keys.sorted() == ["shop/web"] }
            try server.patch("v1/services", "odd", namespace: "shop", ["metadata": ["labels": ["a": "b"]]])
            try make("last", [Self.on: "true"], server)
            _ = try await targets(client) { $0.count == 2 }
            let lines = sink.lines.filter { $0.contains("does not become a target") }
            #expect(lines.count == 1)
            #expect(lines.first?.contains("sonde.dev/probe-type must be one of") == true)
            let type: JSONValue = ["metadata": ["annotations": ["sonde.dev/probe-type": "tcp"]]]
            try server.patch("v1/services", "odd", namespace: "shop", type)
            _ = try await targets(client) { $0.count == 3 }
        }
    }

    @Test("gets by beside a person's target of the same name and address")
    func sameName() async throws {
        try await discovering { server, client, _ in
            let new = NewTarget(address: "web.shop.svc.cluster.local", name: "shop/web")
            let own = try await client.call(.createTarget, new)
            try make("web", [Self.on: "true"], server)
            let found = try await targets(client) { $0.count == 1 }
            #expect(found.keys.first == "shop/web (kubernetes)")
            #expect(try await client.call(.getTarget, TargetReference(id: own.id)).keeper == nil)
        }
    }

    private func makeDoor(_ server: KubernetesServer) throws {
        let door: JSONValue = [
            "metadata": ["annotations": ["sonde.dev/probe": "true"]], "spec": ["rules": [["host": "www.example.org"]]],
        ]
        try server.create("networking.k8s.io/v1/ingresses", "door", namespace: "shop", door)
    }

    @Test("removes nothing before it has seen everything, and everything when it is switched off")
    func restart() async throws {
        let before = Latest<TargetID?>(nil)
        try await discovering { server, client, _ in
            try makeDoor(server)
            before.update(try await targets(client) { $0.count == 1 }["shop/door"]?.id)
        }
        try await withCluster { server, kubernetes in
            try makeDoor(server)
            server.deny("ingresses")
            try await withOrchestrator(in: directory, kubernetes: kubernetes, discovery: true) { client in
                try await server.requests(1, with: "services?watch=1")
                try await server.requests(4, with: "ingresses")
                try make("web", [Self.on: "true"], server)
                server.deny(nil)
                let found = try await targets(client) { $0["shop/web"] != nil }
                // One that was made again would be another one.
                #expect(found["shop/door"]?.id == before.current.value)
            }
        }
        try await withOrchestrator(in: directory) { client in _ = try await targets(client) { $0.isEmpty } }
    }
}
