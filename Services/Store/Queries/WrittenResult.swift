import JSON
import JSONRPC

/// A result that is JSON already, made where it took nobody's time: writing 10,000 rows would hold up the loop.
struct WrittenResult<Result: RPCPayload>: Sendable {
    let json: [UInt8]

    init(_ result: Result) throws {
        var writer = JSONWriter(capacity: 4_096)
        try result.writePayload(to: &writer)
        json = writer.bytes
    }
}

extension RPCRouter {
    mutating func handle<Params, Result>(
        _ method: RPCMethod<Params, Result>,
        written handler: @escaping @Sendable (Params) async throws -> WrittenResult<Result>
    ) {
        handle(
            method.descriptor,
            raw: { json in
                RPCRawReply(result: try await handler(readParams(json)).json[...])
            }
        )
    }
}
