import HTTP
import Observability

/// Where a request came from, for the list of one's sign-ins.
struct RequestOrigin: Sendable {
    private static let maximumCharacters = 200
    /// The `user-agent` of the request that this task answers.
    @TaskLocal static var userAgent: String?

    /// The network address, without its port.
    var address: String?
    /// Which program it says it is.
    var userAgent: String?

    static var current: Self { Self(address: CallContext.current?.address, userAgent: userAgent) }

    /// Answers a request so that what answers it can tell which program it came from.
    static func telling<Result>(_ request: HTTPRequest, _ body: () async -> Result) async -> Result {
        let text = request.fields["user-agent"].map { String($0.prefix(maximumCharacters)) }
        return await $userAgent.withValue(text, operation: body)
    }
}
