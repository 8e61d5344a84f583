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
    /// Answers the gateway's own methods.
    mutating func addAccounts(_ accounts: Accounts, _ authorizer: PersonAuthorizer) {
        handle(.login) { try await accounts.login($0) }
        handle(.refreshTokens) { try await accounts.refresh($0) }
        handle(.logout) { try await accounts.logout($0) }
        handle(.currentPerson) { _ in try await authorizer.person(of: CallContext.current?.token) }
    }

    /// Passes every other public method on to the service that owns it, with the person's token.
    mutating func addPeers(_ peers: GatewayPeers) {
        for method in publicMethods {
            guard let client = peers.client(of: method.owner) else { continue }
            handle(
                method,
                raw: { params in
                    guard method.isStream else {
                        return RPCRawReply(result: try await client.call(method, raw: params))
                    }
                    return try await client.follow(method, raw: params)
                }
            )
        }
    }
}
