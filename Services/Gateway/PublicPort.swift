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
            responder: taskResponder { request in await site.answer(request) }
        )
    }

    /// To be called once, before the server starts.
    func lead(to site: PublicSite) {
        self.site.set(site)
    }

    private static func tls(_ settings: GatewaySettings) throws -> HTTPServer.TLSSource? {
        guard let certificate = settings.certificateFile, let keyFile = settings.keyFile else { return nil }
        let chain = try IdentityMaterial.certificates(in: certificate)
        let key = try PrivateKey(pem: [UInt8](Data(contentsOf: URL(filePath: keyFile))))
        let context = try TLSContext.publicServer(chain: chain, key: key)
        return { context }
    }
}

/// What answers at a port, which is known before anybody is let in.
private final class SiteBehind: Sendable {
    private final class Box: Sendable {
        let site: PublicSite

        init(_ site: PublicSite) {
            self.site = site
        }
    }

    private let box = AtomicLazyReference<Box>()

    func set(_ site: PublicSite) {
        _ = box.storeIfNil(Box(site))
    }

    func answer(_ request: HTTPRequest) async -> HTTPResponse {
        guard let box = box.load() else { preconditionFailure("the port leads to a site before its server starts") }
        return await box.site(request)
    }
}
