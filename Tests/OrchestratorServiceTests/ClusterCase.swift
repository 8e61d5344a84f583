import EventLoop
import Kubernetes
import TestServers

/// Runs `body` with the API of a cluster, and a client of it.
func withCluster(_ body: (KubernetesServer, KubernetesClient) async throws -> Void) async throws {
    let server = try KubernetesServer()
    let loop = try EventLoop(name: "cluster")
    try loop.start()
    let cluster = KubernetesCluster(
        host: "127.0.0.1",
        port: server.port,
        authorityFile: "\(server.directory)/ca.crt",
        tokenFile: "\(server.directory)/token",
        namespace: "sonde"
    )
    let client = KubernetesClient(cluster, agent: "test", loop: loop)
    defer {
        client.close()
        loop.stop()
    }
    try await body(server, client)
}
