public import JSONRPC

public typealias EnrolmentID = Identifier<Enrolment>

/// Leave for one host outside the cluster to be an agent.
public struct Enrolment: Codable, Equatable, Sendable {
    public var id: EnrolmentID
    /// The only name that the agent may register under.
    public var name: String
    /// Labels that the agent has whatever it says of itself.
    public var labels: [String: String]
    /// The e-mail address of the person who made it.
    public var createdBy: String
    public var createdAt: Timestamp
    /// Until when its token is good.
    public var expiresAt: Timestamp
    /// When its token was used.
    public var usedAt: Timestamp?
    /// The end of the newest certificate that the host got.
    public var certificateEndsAt: Timestamp?

    enum CodingKeys: String, CodingKey {
        case id, name, labels
        case createdBy = "created_by"
        case createdAt = "created_at"
        case expiresAt = "expires_at"
        case usedAt = "used_at"
        case certificateEndsAt = "certificate_ends_at"
    }

    public init(
        id: EnrolmentID,
        name: String,
        labels: [String: String],
        createdBy: String,
        createdAt: Timestamp,
        expiresAt: Timestamp,
        usedAt: Timestamp? = nil,
        certificateEndsAt: Timestamp? = nil
    ) {
        self.id = id
        self.name = name
        self.labels = labels
        self.createdBy = createdBy
        self.createdAt = createdAt
        self.expiresAt = expiresAt
        self.usedAt = usedAt
        self.certificateEndsAt = certificateEndsAt
    }
}

public struct EnrolmentRequest: Codable, Equatable, RPCPayload {
    /// From 1 to 200 characters.
    public var name: String
    public var labels: [String: String]?
    /// How long the token is good: an hour to seven days, and a day when left out.
    public var lifetimeSeconds: Int?

    enum CodingKeys: String, CodingKey {
        case name, labels
        case lifetimeSeconds = "lifetime_s"
    }

    public init(name: String, labels: [String: String]? = nil, lifetimeSeconds: Int? = nil) {
        self.name = name
        self.labels = labels
        self.lifetimeSeconds = lifetimeSeconds
    }
}

/// An enrolment and its token, which is shown this once.
public struct NewEnrolment: Codable, Equatable, RPCPayload {
    public var enrolment: Enrolment
    public var token: String

    public init(enrolment: Enrolment, token: String) {
        self.enrolment = enrolment
        self.token = token
    }
}

public struct EnrolmentList: Codable, Equatable, RPCPayload {
    public var enrolments: [Enrolment]

    public init(enrolments: [Enrolment]) { self.enrolments = enrolments }
}

public struct EnrolmentReference: Codable, Equatable, RPCPayload {
    public var id: EnrolmentID

    public init(id: EnrolmentID) { self.id = id }
}

/// A token, and a certificate signing request (PKCS #10) in PEM for a key on P-256.
public struct EnrolmentRedemption: Codable, Sendable, RPCPayload {
    public var token: String
    public var certificateRequest: String

    enum CodingKeys: String, CodingKey {
        case token
        case certificateRequest = "certificate_request"
    }

    public init(token: String, certificateRequest: String) {
        self.token = token
        self.certificateRequest = certificateRequest
    }
}

/// What a host needs to be an agent, besides its key.
public struct EnrolledAgent: Codable, Equatable, RPCPayload {
    /// Of the enrolment.
    public var id: EnrolmentID
    public var name: String
    /// In PEM.
    public var certificate: String
    /// Those who vouch for the services, in PEM.
    public var authorities: String
    public var trustDomain: String
    /// A host and a port.
    public var orchestratorEndpoint: String
    public var storeEndpoint: String

    enum CodingKeys: String, CodingKey {
        case id, name, certificate, authorities
        case trustDomain = "trust_domain"
        case orchestratorEndpoint = "orchestrator_endpoint"
        case storeEndpoint = "store_endpoint"
    }

    public init(
        id: EnrolmentID,
        name: String,
        certificate: String,
        authorities: String,
        trustDomain: String,
        orchestratorEndpoint: String,
        storeEndpoint: String
    ) {
        self.id = id
        self.name = name
        self.certificate = certificate
        self.authorities = authorities
        self.trustDomain = trustDomain
        self.orchestratorEndpoint = orchestratorEndpoint
        self.storeEndpoint = storeEndpoint
    }
}

/// A certificate signing request (PKCS #10) in PEM for a new key on P-256.
public struct CertificateRenewal: Codable, Sendable, RPCPayload {
    public var certificateRequest: String

    enum CodingKeys: String, CodingKey {
        case certificateRequest = "certificate_request"
    }

    public init(certificateRequest: String) { self.certificateRequest = certificateRequest }
}

/// The agent of an enrolment; none before it has registered, and when the enrolment is deleted.
public struct EnrolledAgentIdentity: Codable, Equatable, RPCPayload {
    public var agentID: AgentID?

    enum CodingKeys: String, CodingKey {
        case agentID = "agent_id"
    }

    public init(agentID: AgentID?) { self.agentID = agentID }
}

/// A certificate, and those who vouch for the services, in PEM.
public struct RenewedCertificate: Codable, Equatable, RPCPayload {
    public var certificate: String
    public var authorities: String

    public init(certificate: String, authorities: String) {
        self.certificate = certificate
        self.authorities = authorities
    }
}

extension RPCMethod where Params == EnrolmentRequest, Result == NewEnrolment {
    public static var createEnrolment: Self {
        Self(
            "enrolment.create",
            "Makes a token with which one host becomes an agent.",
            of: .orchestrator,
            access: .operator,
            rest: .post("/enrolments")
        )
    }
}

extension RPCMethod where Params == Empty, Result == EnrolmentList {
    public static var listEnrolments: Self {
        Self(
            "enrolment.list",
            "Lists the hosts that may become agents, or did.",
            of: .orchestrator,
            access: .operator,
            rest: .get("/enrolments"),
            isIdempotent: true
        )
    }
}

extension RPCMethod where Params == EnrolmentReference, Result == Empty {
    public static var deleteEnrolment: Self {
        Self(
            "enrolment.delete",
            "Takes an enrolment back: its token, and what its agent may do.",
            of: .orchestrator,
            access: .operator,
            rest: .delete("/enrolments/{id}"),
            isIdempotent: true
        )
    }
}

extension RPCMethod where Params == EnrolmentRedemption, Result == EnrolledAgent {
    /// Good once.
    ///
    /// A token that is unknown, used or over is `invalidParams`, always in the same words.
    public static var redeemEnrolment: Self {
        Self(
            "enrolment.redeem",
            "Exchanges the token of an enrolment for a certificate.",
            of: .orchestrator,
            access: .anyone,
            rest: .post("/enrolments/redeem")
        )
    }
}

extension RPCMethod where Params == CertificateRenewal, Result == RenewedCertificate {
    /// For the identity that the caller has.
    public static var renewCertificate: Self {
        Self(
            "enrolment.renew",
            "Issues an enrolled agent's next certificate.",
            of: .orchestrator,
            callers: [.probeAgent]
        )
    }
}

extension RPCMethod where Params == EnrolmentReference, Result == EnrolledAgentIdentity {
    public static var identifyAgent: Self {
        Self(
            "enrolment.agent",
            "Tells which agent a host is that was enrolled.",
            of: .orchestrator,
            callers: [.store],
            isIdempotent: true
        )
    }
}
