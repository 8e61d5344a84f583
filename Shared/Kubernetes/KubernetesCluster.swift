public import Configuration
import EventLoop
import Foundation
import TLS

/// Where a cluster's API is, and what tells it who asks.
///
/// Token and authorities are files that are exchanged while this process runs; they are read when they are needed.
public struct KubernetesCluster: Sendable {
    /// What the server's certificate must bear: a name, or an address.
    public var host: String
    public var port: UInt16
    /// PEM.
    public var authorityFile: String
    public var tokenFile: String
    /// The namespace that this process is in.
    public var namespace: String

    public init(host: String, port: UInt16, authorityFile: String, tokenFile: String, namespace: String) {
        self.host = host
        self.port = port
        self.authorityFile = authorityFile
        self.tokenFile = tokenFile
        self.namespace = namespace
    }

    /// The cluster of the pod that this process runs in, by what kubelet puts there.
    ///
    /// Throws `configuration` outside a pod, and in one without a token.
    public init(
        ofPod environment: Environment = .process,
        directory: String = "/var/run/secrets/kubernetes.io/serviceaccount"
    ) throws(KubernetesError) {
        guard let host = environment.optionalString("KUBERNETES_SERVICE_HOST") else {
            throw KubernetesError(.configuration, "KUBERNETES_SERVICE_HOST is not set: this process runs in no pod")
        }
        let portKey = "KUBERNETES_SERVICE_PORT"
        let portText =
            environment.optionalString("\(portKey)_HTTPS") ?? environment.string(portKey, default: "443")
        guard let port = UInt16(portText) else {
            throw KubernetesError(.configuration, "\(portKey) must be a port, got \"\(portText)\"")
        }
        self.init(
            host: host,
            port: port,
            authorityFile: "\(directory)/ca.crt",
            tokenFile: "\(directory)/token",
            namespace: try Self.line(in: "\(directory)/namespace", maximumBytes: 63)
        )
        _ = try token()
    }

    var endpoint: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }

    /// The token as it is now: kubelet exchanges it before it runs out.
    func token() throws(KubernetesError) -> Secret {
        Secret(try Self.line(in: tokenFile, maximumBytes: 32_768))
    }

    /// Who vouches for the server, and which protocols it is offered.
    func context() throws(KubernetesError) -> TLSContext {
        do {
            let authorities = try IdentityMaterial.certificates(in: authorityFile)
            return try TLSContext.webClient(authorities: authorities, protocols: [.http2, .http1])
        } catch {
            throw KubernetesError(.configuration, error.message)
        }
    }

    private static func line(in path: String, maximumBytes: Int) throws(KubernetesError) -> String {
        guard let data = FileManager.default.contents(atPath: path), data.count <= maximumBytes + 2,
            let text = String(validating: data, as: UTF8.self)
        else {
            throw KubernetesError(
                .configuration,
                "\(path) cannot be read: does the pod mount a service account's token?"
            )
        }
        let line = text.trimmingCharacters(in: .whitespacesAndNewlines)
        guard !line.isEmpty, line.utf8.allSatisfy({ (0x21...0x7e).contains($0) }) else {
            throw KubernetesError(.configuration, "\(path) does not hold one word")
        }
        return line
    }
}
