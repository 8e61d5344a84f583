import Contracts
import Egress
import EventLoop
import Foundation
import JSONRPC

/// What one service of a local installation is started with.
struct ServicePlan: Sendable {
    var peer: RPCPeer
    var environment: [String: String]
    var adminAddress: SocketAddress

    var prefix: String { peer.rawValue.uppercased().replacing("-", with: "_") }
}

/// Everything that `sonde up` is told, and what follows from it.
struct UpPlan: Sendable {
    var data: URL
    var port: UInt16
    /// Settings of the user, handed to every service.
    var extra: [String: String]
    /// The folder of the services' programs.
    var programs: URL

    /// Started in this order, and stopped in the opposite one.
    static let order: [RPCPeer] = [.orchestrator, .store, .alerting, .push, .gateway, .probeAgent]

    /// The services in the order of their start, on ports that are free now.
    func services() throws -> [ServicePlan] {
        var mesh: [RPCPeer: SocketAddress] = [:]
        var admin: [RPCPeer: SocketAddress] = [:]
        let ports = try Self.freePorts(2 * Self.order.count)
        for (index, peer) in Self.order.enumerated() {
            mesh[peer] = SocketAddress(.loopback, port: ports[2 * index])
            admin[peer] = SocketAddress(.loopback, port: ports[2 * index + 1])
        }
        return Self.order.compactMap { peer in
            guard let address = mesh[peer], let adminAddress = admin[peer] else { return nil }
            var plan = ServicePlan(peer: peer, environment: [:], adminAddress: adminAddress)
            plan.environment = environment(of: plan, at: address, mesh)
            return plan
        }
    }

    private func environment(
        of plan: ServicePlan,
        at address: SocketAddress,
        _ mesh: [RPCPeer: SocketAddress]
    ) -> [String: String] {
        var values: [String: String] = ["PATH": "/usr/bin:/bin"]
        for (peer, address) in mesh {
            let key = peer.rawValue.uppercased().replacing("-", with: "_")
            values["\(key)_ENDPOINT"] = address.description
        }
        let folder = data.appending(path: plan.peer.rawValue)
        values["\(plan.prefix)_LISTEN"] = address.description
        values["\(plan.prefix)_ADMIN_LISTEN"] = plan.adminAddress.description
        values["\(plan.prefix)_IDENTITY_DIR"] = data.appending(path: "pki/\(plan.peer.rawValue)").path()
        if extra["DATABASE_URL"] == nil {
            values["\(plan.prefix)_DATABASE"] = folder.appending(path: "\(plan.peer.rawValue).db").path()
        }
        values["\(plan.prefix)_DATA"] = folder.path()
        // All of it is one person's own machine.
        let networks = AddressPolicy.standard.allowed.map(\.rawValue).sorted()
        values["PROBE_AGENT_ALLOWED_NETWORKS"] = networks.joined(separator: ",")
        values["GATEWAY_ADMIN_PASSWORD_FILE"] = data.appending(path: "gateway/admin-password").path()
        values["GATEWAY_PUBLIC_LISTEN"] = "127.0.0.1:\(port)"
        values["GATEWAY_VENDOR"] = (made("vendor") ?? programs.appending(path: "vendor")).path()
        values["GATEWAY_PACKAGES"] = made("packages")?.path()
        values["ORCHESTRATOR_ENROLMENT_DIR"] = LocalPKI.enrolmentDirectory(below: data.appending(path: "pki")).path()
        values["ORCHESTRATOR_PUBLIC_ENDPOINT"] = mesh[.orchestrator]?.description
        values["STORE_PUBLIC_ENDPOINT"] = mesh[.store]?.description
        values["ORCHESTRATOR_GATEWAY_URL"] = "http://127.0.0.1:\(port)/healthz"
        return values.merging(extra) { _, users in users }
    }

    /// A folder that scripts have filled: beside the programs, or beside their folder.
    private func made(_ name: String) -> URL? {
        ["", "../", "../../"].lazy
            .map { programs.appending(path: $0 + name).standardizedFileURL }
            .first { FileManager.default.fileExists(atPath: $0.path()) }
    }

    /// Below those that Linux gives to outgoing connections: one of these could take a port while its service restarts.
    static let portRange: ClosedRange<UInt16> = 20_000...29_999
    private static let maximumTries = 1_000

    /// Ports that nobody has at the moment; all are held until all are found, so that no two are the same.
    static func freePorts(_ count: Int, in range: ClosedRange<UInt16> = portRange) throws -> [UInt16] {
        final class Held {
            let socket: FileDescriptor
            init(_ socket: consuming FileDescriptor) { self.socket = socket }
        }
        var held: [Held] = []
        return try (0..<count).map { _ in
            var failure: SystemError?
            for _ in 0..<maximumTries {
                let port = UInt16.random(in: range)
                do throws(SystemError) {
                    held.append(
                        Held(try TCPSocket.listen(on: SocketAddress(.loopback, port: port), sharingPort: false))
                    )
                    return port
                } catch {
                    failure = error
                }
            }
            throw failure ?? SystemError(code: EADDRINUSE, message: "a free port")
        }
    }
}
