import Database
import Foundation
import HTTP
public import JSONRPCTransport
import Synchronization
import TLS

/// Where people and programs reach the gateway.
///
/// It is bound before anything else, and answers when the gateway runs: who comes in between waits in the kernel's queue
/// instead of being refused.
public final class PublicPort: Sendable {
    let server: HTTPServer
    private let site: SiteBehind

    public init(_ settings: GatewaySettings, in process: MeshProcess) throws {
        let site = SiteBehind()
        self.site = site
        server = try HTTPServer(
            on: settings.publicListen,
            loops: [process.loop],
            tls: try Self.tls(settings),
            log: process.log,
            metrics: HTTPServerMetrics(process.metrics, role: "public"),
            refusal: { status, reason in
                var response = Problem.response(status, reason)
                SecurityFields.add(to: &response.fields, isEncrypted: false)
                return response
            },
            responder: taskResponder { request in
                await site.current?(request) ?? Problem.response(503, "the gateway starts")
            }
        )
    }

    /// To be called before the server starts.
    func serve(_ site: PublicSite) {
        self.site.current = site
    }

    private static func tls(_ settings: GatewaySettings) throws -> HTTPServer.TLSSource? {
        guard let certificate = settings.certificateFile, let keyFile = settings.keyFile else { return nil }
        let chain = try IdentityMaterial.certificates(in: certificate)
        let key = try PrivateKey(pem: [UInt8](Data(contentsOf: URL(filePath: keyFile))))
        let context = try TLSContext.publicServer(chain: chain, key: key)
        return { context }
    }
}

/// What answers at a port, once it is known.
private final class SiteBehind: Sendable {
    private let site = Mutex<PublicSite?>(nil)

    var current: PublicSite? {
        get { site.withLock { $0 } }
        set { site.withLock { $0 = newValue } }
    }
}
