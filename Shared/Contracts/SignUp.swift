public import JSONRPC

public struct SignUp: Codable, Sendable, RPCPayload {
    public var email: String
    /// The new one, or the one that the address has already.
    public var password: String
    /// Joins the tenant that the invitation is of; without one a tenant is made, where sign-up is open.
    public var invitation: String?
    /// The name of the tenant that is made; 1 to 100 characters.
    public var tenantName: String?

    enum CodingKeys: String, CodingKey {
        case email, password, invitation
        case tenantName = "tenant_name"
    }

    public init(email: String, password: String, invitation: String? = nil, tenantName: String? = nil) {
        self.email = email
        self.password = password
        self.invitation = invitation
        self.tenantName = tenantName
    }
}

extension RPCMethod where Params == SignUp, Result == TokenPair {
    /// An address that is known already takes part with its own password; with another one the answer is that of a
    /// failed `auth.login`, and it counts as one.
    ///
    /// So who holds an invitation, or finds sign-up open, can learn by failing that an address is known: as long as no
    /// mail can be sent that only its owner reads, one of the two must fail and the other succeed.
    public static var signUp: Self {
        Self(
            "auth.signup",
            "Joins the tenant of an invitation, or makes one, and signs in.",
            of: .gateway,
            access: .anyone,
            rest: .post("/auth/signup")
        )
    }
}
