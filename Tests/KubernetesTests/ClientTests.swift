import Configuration
import Foundation
import HTTP
import JSON
import TLS
import TestServers
import Testing

@testable import Kubernetes

@Suite("The client of the Kubernetes API", .timeLimit(.minutes(5)))
struct ClientTests {
    @Test(
        "reads, lists page by page, makes and changes objects in either version of HTTP",
        arguments: [[ApplicationProtocol.http2, .http1], [.http1]]
    )
    func objects(protocols: [ApplicationProtocol]) async throws {
        var limits = KubernetesLimits()
        limits.pageObjects = 2
        try await KubernetesCase.run(KubernetesServer(protocols), limits: limits) { context in
            for number in 1...5 { try context.server.create("v1/nodes", "node-\(number)") }
            let list = try await context.client.list(KubernetesNode.self)
            #expect(list.objects.map(\.metadata.name) == (1...5).map { "node-\($0)" })
            #expect(context.server.requests.filter { $0.contains("continue=") }.count == 2)

            let secret = KubernetesSecret(
                metadata: KubernetesMetadata(name: "s", namespace: "sonde", labels: ["a": "b"]),
                files: ["key": [1, 2, 255]]
            )
            let made = try await context.client.create(secret)
            #expect(made.metadata.uid != nil)
            let data: JSONValue = .object(["data": ["key": .string(KubernetesSecret.encoded([9]))]])
            let changed = try await context.client.patch(made, data)
            #expect(changed.file("key") == [9])
            let read = try await context.client.get(KubernetesSecret.self, "s", namespace: "sonde")
            #expect(read.metadata == changed.metadata)
            #expect(read.metadata.labels == ["a": "b"])
            #expect("\(read)" == "<secret sonde/s>")
            #expect(!String(reflecting: read).contains("CQ=="))
        }
    }

    @Test("tells errors apart, in the server's words")
    func errors() async throws {
        try await KubernetesCase.run { context in
            let secret = KubernetesSecret(metadata: KubernetesMetadata(name: "s", namespace: "n"), files: [:])
            await expect(.notFound) { _ = try await context.client.get(KubernetesSecret.self, "s", namespace: "n") }
            let made = try await context.client.create(secret)
            await expect(.alreadyExists) { _ = try await context.client.create(secret) }
            _ = try await context.client.patch(made, ["metadata": ["labels": ["a": "b"]]])
            await expect(.conflict) { _ = try await context.client.patch(made, ["metadata": ["labels": ["a": "c"]]]) }
            context.server.deny("secrets")
            let error = await expect(.forbidden) {
                _ = try await context.client.get(KubernetesSecret.self, "s", namespace: "n")
            }
            #expect(error?.message == "secrets is forbidden")
            context.server.inject(.status(422, reason: "Invalid", message: "a\u{1b}[31m\nb\u{202e}"), into: "nodes")
            let hostile = await expect(.invalid) { _ = try await context.client.list(KubernetesNode.self) }
            #expect(hostile?.message == "a [31m b ")
        }
    }

    @Test("waits as long as a busy server asks, and asks again")
    func busy() async throws {
        try await KubernetesCase.run { context in
            let fault = KubernetesFault.status(429, reason: "TooManyRequests", message: "slow", retryAfterSeconds: 0)
            context.server.inject(fault, into: "nodes")
            context.server.inject(fault, into: "nodes")
            _ = try await context.client.list(KubernetesNode.self)
            #expect(context.server.requests.count == 3)
            let long = KubernetesFault.status(429, reason: "TooManyRequests", message: "slow", retryAfterSeconds: 900)
            context.server.inject(long, into: "nodes")
            let error = await expect(.busy) { _ = try await context.client.list(KubernetesNode.self) }
            #expect(error?.retryAfter == .seconds(900))
        }
    }

    @Test("reads again what a server failed at, and writes nothing twice")
    func failures() async throws {
        try await KubernetesCase.run { context in
            let fault = KubernetesFault.status(500, reason: "InternalError", message: "etcd")
            context.server.inject(fault, into: "GET")
            _ = try await context.client.list(KubernetesNode.self)
            context.server.inject(fault, into: "POST")
            let secret = KubernetesSecret(metadata: KubernetesMetadata(name: "s", namespace: "n"), files: [:])
            await expect(.server) { _ = try await context.client.create(secret) }
            #expect(context.server.requests.filter { $0.hasPrefix("POST") }.count == 1)
            context.server.inject(.broken("{"), into: "GET")
            _ = try await context.client.list(KubernetesNode.self)
        }
    }

    @Test("takes the token as it is at the moment")
    func rotation() async throws {
        var limits = KubernetesLimits()
        limits.tries = 2
        try await KubernetesCase.run(limits: limits) { context in
            _ = try await context.client.list(KubernetesNode.self)
            try context.server.rotateToken()
            _ = try await context.client.list(KubernetesNode.self)
            #expect(context.server.requests.count == 2)
            try context.server.rotateToken(isWritten: false)
            await expect(.unauthorized) { _ = try await context.client.list(KubernetesNode.self) }
        }
    }

    @Test("gives up on a server that does not answer, and on one that answers anything or too much")
    func strange() async throws {
        var hasty = KubernetesLimits()
        hasty.requestTimeout = .milliseconds(50)
        var limits = KubernetesLimits()
        limits.bodyBytes = 100_000
        limits.listObjects = 3
        for protocols in [[ApplicationProtocol.http2], [.http1]] {
            try await KubernetesCase.run(KubernetesServer(protocols), limits: hasty) { context in
                context.server.inject(.silence, into: "nodes")
                await expect(.unavailable) { _ = try await context.client.list(KubernetesNode.self) }
            }
            try await KubernetesCase.run(KubernetesServer(protocols), limits: limits) { context in
                context.server.inject(.text("<html>hello</html>"), into: "nodes")
                await expect(.protocolViolation) { _ = try await context.client.list(KubernetesNode.self) }
                context.server.inject(.text(String(repeating: " ", count: 200_000)), into: "nodes")
                await expect(.protocolViolation) { _ = try await context.client.list(KubernetesNode.self) }
                for number in 1...4 { try context.server.create("v1/nodes", "node-\(number)") }
                let error = await expect(.protocolViolation) { _ = try await context.client.list(KubernetesNode.self) }
                #expect(error?.message == "there are over 3 nodes, more than are taken")
            }
        }
    }

    @Test("trusts the cluster's authority alone, for the address that it asked for")
    func trust() async throws {
        let (server, other) = (try KubernetesServer(), try KubernetesServer())
        var limits = KubernetesLimits()
        limits.tries = 1
        try await KubernetesCase.run(server, limits: limits) { context in
            var cluster = KubernetesCase.cluster(of: server)
            cluster.authorityFile = "\(other.directory)/ca.crt"
            let stranger = KubernetesClient(cluster, agent: "test", loop: context.loop, limits: limits)
            await expect(.unavailable) { _ = try await stranger.list(KubernetesNode.self) }
            // The name leads to the same server, which has a certificate for its address alone.
            let elsewhere = KubernetesCase.cluster(of: server, host: "localhost")
            let client = KubernetesClient(elsewhere, agent: "test", loop: context.loop, limits: limits)
            await expect(.unavailable) { _ = try await client.list(KubernetesNode.self) }
            #expect(server.requests.isEmpty && other.requests.isEmpty)
        }
    }

    @Test("leaves out an object that is not as it must be, and keeps the others")
    func unreadable() async throws {
        try await KubernetesCase.run { context in
            try context.server.create("v1/nodes", "good")
            try context.server.create("v1/nodes", "strange", ["spec": ["unschedulable": "perhaps"]])
            let list = try await context.client.list(KubernetesNode.self)
            #expect(list.objects.map(\.metadata.name) == ["good"])
            #expect(list.unreadable.keys.map(\.name) == ["strange"])
        }
    }

    @Test("finds its cluster by what a pod has, and says what is missing")
    func inCluster() throws {
        let server = try KubernetesServer()
        let variables = ["KUBERNETES_SERVICE_HOST": "fd00::1", "KUBERNETES_SERVICE_PORT": "6443"]
        let cluster = try KubernetesCluster(ofPod: Environment(variables), directory: server.directory)
        #expect(cluster.endpoint == "[fd00::1]:6443")
        #expect(cluster.namespace == "sonde")
        #expect(throws: KubernetesError.self) {
            try KubernetesCluster(ofPod: Environment(), directory: server.directory)
        }
        try Data("two words".utf8).write(to: URL(filePath: "\(server.directory)/token"))
        let error = #expect(throws: KubernetesError.self) {
            try KubernetesCluster(ofPod: Environment(variables), directory: server.directory)
        }
        #expect(error?.message == "\(server.directory)/token does not hold one word")
    }

    @Test("writes names into paths so that they stay one part")
    func paths() {
        #expect(KubernetesNode.resource.path(name: "a/../b?c") == "/api/v1/nodes/a%2F..%2Fb%3Fc")
        let path = KubernetesIngress.resource.path(namespace: "team", name: "x")
        #expect(path == "/apis/networking.k8s.io/v1/namespaces/team/ingresses/x")
    }
}

@discardableResult
func expect(
    _ code: KubernetesError.Code,
    at location: SourceLocation = #_sourceLocation,
    _ body: () async throws -> Void
) async -> KubernetesError? {
    do {
        try await body()
        Issue.record("nothing was thrown", sourceLocation: location)
    } catch let error as KubernetesError {
        #expect(error.code == code, "\(error)", sourceLocation: location)
        return error
    } catch {
        Issue.record(error, sourceLocation: location)
    }
    return nil
}
