public import JSONRPC

/// Others who can say who somebody is.
public struct SignInProviderList: Codable, Equatable, RPCPayload {
    public struct Provider: Codable, Equatable, Sendable {
        /// What people know it by.
        public var name: String

        public init(name: String) { self.name = name }
    }

    /// None, or one.
    public var providers: [Provider]

    public init(providers: [Provider]) { self.providers = providers }
}

/// The way to a provider and back.
public struct SignInFlow: Codable, Equatable, RPCPayload {
    /// Where the person's browser is to go.
    public var url: String
    /// A secret of whoever began this, to be shown again at the end: it ties the provider's answer to them.
    public var flow: String

    public init(url: String, flow: String) {
        self.url = url
        self.flow = flow
    }
}

/// What a provider sent the browser back with (RFC 6749, section 4.1.2), and the flow that began it.
public struct SignInReturn: Codable, Equatable, RPCPayload {
    public var code: String
    public var state: String
    /// Who answers, where the provider says so (RFC 9207).
    public var iss: String?
    public var flow: String
    /// The token of one, for whoever is no member of its tenant yet.
    public var invitation: String?

    public init(code: String, state: String, iss: String? = nil, flow: String, invitation: String? = nil) {
        self.code = code
        self.state = state
        self.iss = iss
        self.flow = flow
        self.invitation = invitation
    }
}

extension RPCMethod where Params == Empty, Result == SignInProviderList {
    public static var listSignInProviders: Self {
        Self(
            "auth.providers",
            "Lists who else can sign people in.",
            of: .gateway,
            access: .anyone,
            rest: .get("/auth/providers"),
            isIdempotent: true
        )
    }
}

extension RPCMethod where Params == Empty, Result == SignInFlow {
    /// Throws `permissionDenied` when there is no provider.
    public static var beginProviderSignIn: Self {
        Self(
            "auth.begin",
            "Begins a sign-in by the provider (OpenID Connect, authorization code with PKCE).",
            of: .gateway,
            access: .anyone,
            rest: .post("/auth/provider")
        )
    }
}

extension RPCMethod where Params == SignInReturn, Result == TokenPair {
    /// Throws `permissionDenied` for whoever the provider knows, but nobody here.
    public static var finishProviderSignIn: Self {
        Self(
            "auth.finish",
            "Signs a person in whom the provider has sent back.",
            of: .gateway,
            access: .anyone,
            rest: .post("/auth/provider/finish")
        )
    }
}
