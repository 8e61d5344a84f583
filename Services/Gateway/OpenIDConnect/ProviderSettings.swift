public import Configuration
public import Contracts
import Egress

/// An OpenID provider that may sign people in, and what becomes of whom it knows.
public struct ProviderSettings: Sendable {
    /// As the provider names itself, letter by letter.
    public var issuer: String
    public var clientID: String
    /// None for a client that is public.
    public var clientSecret: Secret?
    /// What the page calls it.
    public var name: String
    public var scopes: String
    /// Where the page is, without a `/` at the end.
    public var publicURL: String
    /// Whoever the provider knows becomes a member of it; only those who are known here may come in when left out.
    public var tenant: TenantID?
    /// What they are there.
    public var role: Role
    /// A PEM file of the authorities that vouch for the provider's server; the system's when left out.
    public var authorities: String?

    /// Where the provider sends browsers back to.
    var callback: String { publicURL + ProviderSettings.callbackPath }

    static let callbackPath = "/auth/callback"

    /// `nil` when no provider is named.
    init?(from environment: Environment) throws(ConfigurationError) {
        guard let issuer = environment.optionalString("GATEWAY_OIDC_ISSUER") else { return nil }
        guard Self.isTrustworthy(issuer), !issuer.contains("?"), !issuer.contains("#") else {
            throw ConfigurationError(
                "GATEWAY_OIDC_ISSUER must be an https URL such as https://id.example.org, got \"\(issuer)\""
            )
        }
        self.issuer = issuer
        guard let clientID = environment.optionalString("GATEWAY_OIDC_CLIENT_ID") else {
            throw ConfigurationError("GATEWAY_OIDC_CLIENT_ID is missing: the name that \(issuer) knows Sonde by")
        }
        self.clientID = clientID
        clientSecret = environment.secret("GATEWAY_OIDC_CLIENT_SECRET")
        name = environment.string("GATEWAY_OIDC_NAME", default: (try? EgressURL(issuer))?.host ?? issuer)
        scopes = environment.string("GATEWAY_OIDC_SCOPES", default: "openid email")
        guard scopes.split(separator: " ").contains("openid") else {
            throw ConfigurationError("GATEWAY_OIDC_SCOPES must have openid, got \"\(scopes)\"")
        }
        guard let url = environment.optionalString("GATEWAY_PUBLIC_URL"), let read = try? EgressURL(url) else {
            throw ConfigurationError(
                "GATEWAY_PUBLIC_URL must be where the page is, such as https://sonde.example.org, for sign-in by a provider"
            )
        }
        publicURL = read.text.hasSuffix("/") ? String(read.text.dropLast()) : read.text
        tenant = environment.optionalString("GATEWAY_OIDC_TENANT").map { TenantID(rawValue: $0) }
        role = try environment.choice("GATEWAY_OIDC_ROLE", default: .viewer)
        authorities = environment.optionalString("GATEWAY_OIDC_AUTHORITIES")
    }

    /// Whether nobody on the way can read or change what is asked there: TLS, or this machine.
    static func isTrustworthy(_ url: String) -> Bool {
        guard let url = try? EgressURL(url) else { return false }
        return url.isSecure || ["localhost", "127.0.0.1", "::1"].contains(url.host)
    }
}
