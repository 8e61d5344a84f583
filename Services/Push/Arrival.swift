import HTTP
import Observability

/// What the gateway says of a client whose WebSocket it passes on.
struct Arrival: Sendable {
    /// The token that the client's request brought along, which the gateway has found good.
    var token: BearerToken?
    /// The network address that it came from.
    var address: String

    init(token: BearerToken? = nil, address: String) {
        self.token = token
        self.address = address
    }

    init(_ request: HTTPRequest) {
        let field = request.fields["authorization"] ?? ""
        token = field.hasPrefix("Bearer ") ? BearerToken(String(field.dropFirst("Bearer ".count))) : nil
        address = request.fields["x-forwarded-for"] ?? ""
    }
}
