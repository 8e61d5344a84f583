/// One JSON-RPC method, declared once: from this come the handler's signature, the client call, the peer allow-list,
/// the role check, the REST route and the OpenRPC and OpenAPI documents.
///
/// Cheap to make, because a declaration makes it anew for every call; what takes time is left to `descriptor`.
public struct RPCMethod<Params: RPCPayload, Result: RPCPayload>: Sendable {
    /// The wire name, `noun.verb`.
    public let name: String
    public let isIdempotent: Bool
    private let summary: String
    private let owner: RPCPeer
    private let callers: [RPCPeer]
    private let access: RPCAccess?
    private let rest: RESTRoute?

    public init(
        _ name: String,
        _ summary: String,
        of owner: RPCPeer,
        callers: [RPCPeer] = [],
        access: RPCAccess? = nil,
        rest: RESTRoute? = nil,
        isIdempotent: Bool = false
    ) {
        self.name = name
        self.summary = summary
        self.owner = owner
        self.callers = callers
        self.access = access
        self.rest = rest
        self.isIdempotent = isIdempotent
    }

    /// Everything about the method but its types; the schemas are read off them here.
    public var descriptor: RPCDescriptor {
        RPCDescriptor(
            name: name,
            summary: summary,
            owner: owner,
            callers: Set(callers),
            access: access,
            rest: rest,
            isIdempotent: isIdempotent,
            params: Params.schema,
            result: Result.schema,
            element: nil
        )
    }
}

/// A method that answers with a result and then, on the same stream, with notifications that carry elements.
public struct RPCStreamMethod<Params: RPCPayload, Result: RPCPayload, Element: RPCPayload>: Sendable {
    /// The wire name, `noun.verb`.
    public let name: String
    private let summary: String
    private let owner: RPCPeer
    private let callers: [RPCPeer]
    private let access: RPCAccess?
    private let rest: RESTRoute?

    public init(
        _ name: String,
        _ summary: String,
        of owner: RPCPeer,
        callers: [RPCPeer] = [],
        access: RPCAccess? = nil,
        rest: RESTRoute? = nil
    ) {
        self.name = name
        self.summary = summary
        self.owner = owner
        self.callers = callers
        self.access = access
        self.rest = rest
    }

    /// Everything about the method but its types; the schemas are read off them here.
    public var descriptor: RPCDescriptor {
        RPCDescriptor(
            name: name,
            summary: summary,
            owner: owner,
            callers: Set(callers),
            access: access,
            rest: rest,
            isIdempotent: true,
            params: Params.schema,
            result: Result.schema,
            element: Element.schema
        )
    }
}

/// What a method is, without its types.
public struct RPCDescriptor: Sendable {
    /// The wire name, `noun.verb`.
    public var name: String
    /// One sentence.
    public var summary: String
    /// The service that answers it.
    public var owner: RPCPeer
    /// The services that may call it on their own behalf.
    ///
    /// Nobody else may.
    public var callers: Set<RPCPeer>
    /// What a person needs in order to call it through the gateway; `nil` when people may not.
    public var access: RPCAccess?
    public var rest: RESTRoute?
    /// Whether calling it twice is the same as calling it once, so that a lost call may be tried again.
    public var isIdempotent: Bool
    public var params: JSONSchema
    public var result: JSONSchema
    /// Set for a method that streams.
    public var element: JSONSchema?

    public var isStream: Bool { element != nil }

    /// The params in the order in which they may come without names: those that must be there first, as OpenRPC has it.
    var positions: [JSONSchema.Property] {
        params.properties.filter(\.isRequired) + params.properties.filter { !$0.isRequired }
    }
}

/// The name of a service, as it stands at the end of its SPIFFE identity.
public struct RPCPeer: RawRepresentable, Hashable, Sendable {
    public var rawValue: String

    public init(rawValue: String) {
        self.rawValue = rawValue
    }
}

/// What a person must be, or hold, to call a method.
public enum RPCAccess: String, Sendable, Comparable {
    /// No token is needed.
    case anyone
    case viewer
    case editor
    case admin
    /// Who runs the installation, whatever the person may do in a tenant.
    case `operator`

    private var rank: Int {
        switch self {
        case .anyone: 0
        case .viewer: 1
        case .editor: 2
        case .admin: 3
        case .operator: 4
        }
    }

    public static func < (left: Self, right: Self) -> Bool {
        left.rank < right.rank
    }
}

/// Where a method stands in the REST API, below `/api/v1`.
public struct RESTRoute: Sendable, Equatable {
    public enum Verb: String, Sendable {
        case get = "GET"
        case post = "POST"
        case patch = "PATCH"
        case delete = "DELETE"
    }

    public var verb: Verb
    /// Such as `/targets/{id}`; a name in braces is the parameter it fills.
    public var path: String
    /// Other paths at which the same is found.
    public var aliases: [String] = []

    /// The route at its path, and at each of its other ones.
    public var all: [Self] { ([path] + aliases).map { Self(verb: verb, path: $0) } }

    public static func get(_ path: String, alias aliases: String...) -> Self {
        Self(verb: .get, path: path, aliases: aliases)
    }
    public static func post(_ path: String) -> Self { Self(verb: .post, path: path) }
    public static func patch(_ path: String) -> Self { Self(verb: .patch, path: path) }
    public static func delete(_ path: String) -> Self { Self(verb: .delete, path: path) }
}
