public import JSON

/// The `error` object of a JSON-RPC 2.0 response (section 5.1 of the specification).
public struct RPCError: Error, Equatable, Sendable {
    public var code: Code
    /// One sentence for the caller; never an internal detail.
    public var message: String
    /// What a program can act on: which parameter, when to try again.
    public var data: JSONValue?

    public init(_ code: Code, _ message: String, data: JSONValue? = nil) {
        self.code = code
        self.message = message
        self.data = data
    }

    public struct Code: RawRepresentable, Hashable, Sendable {
        public var rawValue: Int

        public init(rawValue: Int) {
            self.rawValue = rawValue
        }

        // The specification's own.
        public static let parseError = Self(rawValue: -32_700)
        public static let invalidRequest = Self(rawValue: -32_600)
        public static let methodNotFound = Self(rawValue: -32_601)
        public static let invalidParams = Self(rawValue: -32_602)
        public static let internalError = Self(rawValue: -32_603)

        // Ours, from the range left to servers.
        /// The caller is not who may call this method.
        public static let permissionDenied = Self(rawValue: -32_001)
        /// The call needs a valid token.
        public static let unauthenticated = Self(rawValue: -32_002)
        public static let notFound = Self(rawValue: -32_003)
        /// The change collides with what is there: a name taken, a version gone by.
        public static let conflict = Self(rawValue: -32_004)
        /// Try again after `data.retry_after_ms`.
        public static let busy = Self(rawValue: -32_005)
        public static let deadlineExceeded = Self(rawValue: -32_006)
        public static let cancelled = Self(rawValue: -32_007)
        /// The peer cannot be reached or is going away; it has run the call only where the outcome is unknown.
        public static let unavailable = Self(rawValue: -32_008)
    }
}

extension RPCError {
    /// The same error of a call that may have had its effect: `data.outcome` is `unknown`.
    public var withUnknownOutcome: Self {
        var members: [String: JSONValue] = if case .object(let members)? = data { members } else { [:] }
        members["outcome"] = "unknown"
        return Self(code, message, data: .object(members))
    }

    /// Whether the call may have had its effect, whoever on its way lost sight of it.
    public var isOutcomeUnknown: Bool {
        switch code {
        case .internalError, .cancelled: true
        default: data?["outcome"] == "unknown"
        }
    }
}

/// An error of something that knows nothing of calls, in words for a caller; the router asks each error for them.
public protocol RPCErrorConvertible: Error {
    /// `nil` when it is internal.
    var rpcError: RPCError? { get }
}

extension RPCError: RPCErrorConvertible {
    public var rpcError: RPCError? { self }

    /// What a caller is told of any error.
    public init(telling error: any Error) {
        self = (error as? any RPCErrorConvertible)?.rpcError ?? Self(.internalError, "internal error")
    }
}

extension RPCError: JSONCodable {
    public init(from reader: inout JSONReader) throws(JSONError) {
        self.init(.internalError, "")
        try reader.beginObject()
        while let key = try reader.nextKey() {
            switch key {
            case "code": code = Code(rawValue: try reader.int())
            case "message": message = try reader.string()
            case "data": data = try JSONValue(from: &reader)
            default: try reader.skip()
            }
        }
    }

    public func write(to writer: inout JSONWriter) {
        writer.beginObject()
        writer.key("code")
        writer.int(code.rawValue)
        writer.key("message")
        writer.string(message)
        if let data {
            writer.key("data")
            data.write(to: &writer)
        }
        writer.endObject()
    }
}

extension RPCError {
    /// Params that are not what their method takes: in words, and with the path of the member in `data.field`.
    public init(_ error: JSONError) {
        self.init(.invalidParams, error.message, data: error.path.isEmpty ? nil : ["field": .string(error.path)])
    }
}

extension RPCError: CustomStringConvertible {
    public var description: String { "\(message) (\(code.rawValue))" }
}
