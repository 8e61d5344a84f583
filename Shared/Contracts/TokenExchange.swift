public import JSONRPC

/// An API token that a program has shown, and from where.
public struct TokenExchange: Codable, Sendable, RPCPayload {
    public var token: String
    /// The network address of the program, to which what is no token is counted.
    public var address: String

    public init(token: String, address: String) {
        self.token = token
        self.address = address
    }
}

public struct ExchangedToken: Codable, Sendable, RPCPayload {
    /// Runs out as every access token does; exchange again before it does.
    public var accessToken: String

    enum CodingKeys: String, CodingKey {
        case accessToken = "access_token"
    }

    public init(accessToken: String) {
        self.accessToken = accessToken
    }
}

extension RPCMethod where Params == TokenExchange, Result == ExchangedToken {
    /// For API tokens that are shown within a WebSocket, where the gateway does not read them.
    ///
    /// Throws what `measurement.follow` with the same token would: `unauthenticated`, `permissionDenied`, `busy`.
    public static var exchangeToken: Self {
        Self(
            "token.exchange",
            "Gives an access token for the API token of a program that follows measurements.",
            of: .gateway,
            callers: [.push],
            isIdempotent: true
        )
    }
}
