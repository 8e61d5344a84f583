import Contracts
import JSONRPC
import Observability

/// Who may follow measurements over a WebSocket: those whom `measurement.follow` lets in, as often as is fair.
struct StreamDoor: Sendable {
    private static let method = RPCStreamMethod.followMeasurements.descriptor

    let people: Doorkeeper
    let tokens: APITokenExchange

    /// The token that the request which is answered now brought along, once it was found good; `nil` for one without,
    /// whose client says who it is within the WebSocket.
    func tokenOfRequest() async throws(RPCError) -> BearerToken? {
        guard let context = CallContext.current, let token = context.token else { return nil }
        _ = try await people.authorize(Self.method, context)
        return Visit.current?.apiToken ?? token
    }

    /// For push, which reads what is shown within WebSockets.
    func exchange(_ shown: TokenExchange) async throws -> ExchangedToken {
        let visit = Visit()
        let token = try await tokens.accessToken(for: shown.token, visit, from: shown.address, people.limits)
        var random = SystemRandomNumberGenerator()
        let context = CallContext(
            trace: CallContext.current?.trace ?? .random(using: &random),
            token: BearerToken(token ?? shown.token),
            address: shown.address
        )
        _ = try await Visit.$current.withValue(visit) { try await people.authorize(Self.method, context) }
        guard let token else { throw RPCError(.unauthenticated, "the token is no API token") }
        return ExchangedToken(accessToken: token)
    }
}
