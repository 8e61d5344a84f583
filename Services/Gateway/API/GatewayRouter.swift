import Contracts
import JSON
public import JSONRPC
import JSONRPCTransport
import Observability
import Tokens

/// The services that a gateway passes calls on to.
public struct GatewayPeers: Sendable {
    public var orchestrator: RPCClient
    public var store: RPCClient
    public var alerting: RPCClient

    public init(orchestrator: RPCClient, store: RPCClient, alerting: RPCClient) {
        self.orchestrator = orchestrator
        self.store = store
        self.alerting = alerting
    }

    func client(of owner: RPCPeer) -> RPCClient? {
        switch owner {
        case .orchestrator: orchestrator
        case .store: store
        case .alerting: alerting
        default: nil
        }
    }
}

extension RPCRouter {
    mutating func addAudit(_ book: AuditBook) {
        handle(.listAudit) { try await book.list($0, of: Person.ofCall.tenant) }
        handle(.exportAudit) { filter in try book.export(filter, of: Person.ofCall.tenant) }
    }

    /// Passes every other public method on to the service that owns it, with the person's token.
    ///
    /// A stream ends with the sign-in that it was begun with, of which `feed` tells.
    mutating func addPeers(_ peers: GatewayPeers, _ feed: IdentityFeed) {
        for method in publicMethods {
            guard let client = peers.client(of: method.owner) else { continue }
            handle(
                method,
                raw: { params in
                    guard method.isStream else {
                        return RPCRawReply(result: try await client.call(method, raw: params))
                    }
                    var reply = try await client.follow(method, raw: params)
                    let person = try Person.ofCall
                    reply.stream = reply.stream.map { feed.ending($0, with: person) }
                    return reply
                }
            )
            guard let many = BulkDeletion.contract(of: method) else { continue }
            handle(
                many,
                raw: { params in
                    let result = try await BulkDeletion.run(params) { _ = try await client.call(method, raw: $0) }
                    return RPCRawReply(result: result[...])
                }
            )
        }
    }
}
