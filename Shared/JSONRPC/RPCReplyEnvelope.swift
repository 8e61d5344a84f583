import JSON

/// A response object, or a notification of a stream, taken apart.
struct RPCReplyEnvelope {
    private var resultRange: Range<Int>?
    private var paramsRange: Range<Int>?
    private var error: RPCError?
    private var isStreamError = false

    init(_ bytes: [UInt8]) throws(RPCError) {
        do {
            resultRange = try JSONReader.read(bytes, Self.usualResult)
            guard resultRange == nil else { return }
            try JSONReader.read(bytes) { reader throws(JSONError) in
                try reader.beginObject()
                while let member = try reader.nextKey({ Member($0) }) {
                    switch member {
                    case .result: resultRange = try reader.rawValue()
                    case .params: paramsRange = try reader.rawValue()
                    case .error: error = try RPCError(from: &reader)
                    case .method: isStreamError = try reader.string { $0.holds("rpc.error") }
                    case .other: try reader.skip()
                    }
                }
                try reader.finish()
            }
        } catch {
            throw RPCError(.internalError, "the peer answered with something that is no JSON-RPC response")
        }
    }

    /// Where the result stands in a response as our servers write it; `nil` in any other.
    private static func usualResult(_ reader: inout JSONReader) throws(JSONError) -> Range<Int>? {
        guard reader.readIf(#"{"jsonrpc":"2.0","result":"#) else { return nil }
        let result = try reader.rawValue()
        return reader.readIf(#","id":1}"#) && reader.isAtEnd ? result : nil
    }

    private enum Member {
        case result, params, error, method, other

        init(_ key: Span<UInt8>) {
            switch key.count {
            case 5 where key.holds("error"): self = .error
            case 6 where key.holds("result"): self = .result
            case 6 where key.holds("params"): self = .params
            case 6 where key.holds("method"): self = .method
            default: self = .other
            }
        }
    }

    /// Where the result stands; throws the error that came instead.
    func result() throws(RPCError) -> Range<Int> {
        if let error { throw error }
        guard let resultRange else { throw RPCError(.internalError, "the peer answered without a result") }
        return resultRange
    }

    /// Where the element of a notification stands; throws the error that ended the stream.
    func element(in bytes: [UInt8]) throws(RPCError) -> Range<Int> {
        guard let paramsRange else { throw RPCError(.internalError, "the peer sent a notification without params") }
        guard isStreamError else { return paramsRange }
        throw (try? RPCError(json: bytes[paramsRange])) ?? RPCError(.internalError, "the stream failed")
    }
}
