internal import COpenSSL

/// The application protocols that TLS may agree on (ALPN, RFC 7301).
public enum ApplicationProtocol: String, Sendable {
    case http2 = "h2"
    case http1 = "http/1.1"
}

/// What all connections of one kind share: identity, trust and protocol versions.
///
/// `@unchecked Sendable`: an `SSL_CTX` is fully set up in `init` and only read afterwards, which OpenSSL allows from
/// many threads.
@safe public final class TLSContext: @unchecked Sendable {
    let pointer: OpaquePointer
    let trust: PeerTrust
    let isServer: Bool
    /// Its connections are looked at and closed: none is idle long enough to have its buffers taken.
    let isForLooks: Bool

    /// Whom a connection accepts at its other end.
    enum PeerTrust: Sendable {
        /// A certificate of our authority with exactly one SPIFFE ID of this trust domain; `agents` vouch for enrolled
        /// agents alone.
        case mesh(trustDomain: String, agents: [Certificate])
        /// A server certificate that the system trusts, for the name that was asked for.
        case web
        /// Anyone: a public server does not ask its clients for certificates.
        case anyone
    }

    private init(isServer: Bool, trust: PeerTrust, isForLooks: Bool = false) throws(TLSError) {
        ERR_clear_error()
        guard let context = unsafe SSL_CTX_new(isServer ? TLS_server_method() : TLS_client_method()) else {
            throw TLSError(.library, takeErrors())
        }
        unsafe pointer = context
        self.trust = trust
        self.isServer = isServer
        self.isForLooks = isForLooks
        unsafe COpenSSL_set_modes(pointer)
        unsafe SSL_CTX_set_num_tickets(pointer, 0)
        unsafe COpenSSL_no_session_cache(pointer)
    }

    deinit {
        unsafe SSL_CTX_free(pointer)
    }

    /// For the mesh: TLS 1.3, a certificate of `trustDomain` from both sides, HTTP/2 only.
    public static func mesh(
        server isServer: Bool,
        _ material: IdentityMaterial,
        trustDomain: String
    ) throws(TLSError) -> TLSContext {
        // Whoever enrols agents makes no servers.
        let agents = isServer ? material.agentAuthorities : []
        let context = try TLSContext(isServer: isServer, trust: .mesh(trustDomain: trustDomain, agents: agents))
        try unsafe check(COpenSSL_only_tls13(context.pointer), .library, "SSL_CTX_set_min_proto_version")
        try context.use(material.chain, material.key)
        try context.trust(material.authorities + agents)
        let mode = SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT
        unsafe SSL_CTX_set_verify(context.pointer, mode, verifyMeshPeer)
        try context.offer([.http2])
        return context
    }

    /// For people: TLS 1.2 and 1.3, no client certificate.
    public static func publicServer(
        chain: [Certificate],
        key: PrivateKey,
        protocols: [ApplicationProtocol] = [.http2, .http1]
    ) throws(TLSError) -> TLSContext {
        let context = try TLSContext(isServer: true, trust: .anyone)
        try unsafe check(COpenSSL_tls12_and_later(context.pointer), .library, "SSL_CTX_set_min_proto_version")
        try context.use(chain, key)
        try context.offer(protocols)
        return context
    }

    /// For a client of public servers; trusts the system's authorities, or those given.
    public static func webClient(
        authorities: [Certificate] = [],
        protocols: [ApplicationProtocol] = [.http2]
    ) throws(TLSError) -> TLSContext {
        let context = try client(.web, verifying: SSL_VERIFY_PEER)
        try context.trustWeb(authorities)
        try context.offer(protocols)
        return context
    }

    /// For a look at any server: takes every certificate, and leaves it to `PeerInspection` to tell whether it holds by
    /// the system's authorities, or those given.
    ///
    public static func inspector(authorities: [Certificate] = []) throws(TLSError) -> TLSContext {
        let context = try client(.anyone, isForLooks: true, verifying: SSL_VERIFY_NONE)
        try context.trustWeb(authorities)
        return context
    }

    /// For the same with the authorities of this one, which are not read again.
    ///
    /// `protocols` are names for ALPN, each of 1 to 255 bytes.
    public func inspector(protocols: [String]) throws(TLSError) -> TLSContext {
        let context = try Self.client(.anyone, isForLooks: true, verifying: SSL_VERIFY_NONE)
        unsafe SSL_CTX_set1_cert_store(context.pointer, SSL_CTX_get_cert_store(pointer))
        try context.offer(names: protocols)
        return context
    }

    /// For a client of the web: TLS 1.2 and 1.3.
    private static func client(
        _ trust: PeerTrust,
        isForLooks: Bool = false,
        verifying mode: CInt
    ) throws(TLSError) -> TLSContext {
        let context = try TLSContext(isServer: false, trust: trust, isForLooks: isForLooks)
        try unsafe check(COpenSSL_tls12_and_later(context.pointer), .library, "SSL_CTX_set_min_proto_version")
        unsafe SSL_CTX_set_verify(context.pointer, mode, nil)
        return context
    }

    /// Trusts the system's authorities, or those given.
    private func trustWeb(_ authorities: [Certificate]) throws(TLSError) {
        guard authorities.isEmpty else { return try trust(authorities) }
        try unsafe check(SSL_CTX_set_default_verify_paths(pointer), .identity, "system authorities")
    }

    private func use(_ chain: [Certificate], _ key: PrivateKey) throws(TLSError) {
        guard let leaf = chain.first, leaf.belongs(to: key) else {
            throw TLSError(.identity, "the private key is not the certificate's")
        }
        try unsafe check(SSL_CTX_use_certificate(pointer, leaf.pointer), .identity, "SSL_CTX_use_certificate")
        for certificate in chain.dropFirst() {
            try unsafe check(COpenSSL_add_chain(pointer, certificate.pointer), .identity, "SSL_CTX_add1_chain_cert")
        }
        try unsafe check(SSL_CTX_use_PrivateKey(pointer, key.pointer), .identity, "SSL_CTX_use_PrivateKey")
    }

    private func trust(_ authorities: [Certificate]) throws(TLSError) {
        let store = unsafe SSL_CTX_get_cert_store(pointer)
        for authority in authorities {
            try unsafe check(X509_STORE_add_cert(store, authority.pointer), .identity, "X509_STORE_add_cert")
        }
    }

    private func offer(_ protocols: [ApplicationProtocol]) throws(TLSError) {
        guard !isServer else {
            unsafe COpenSSL_accept_protocols(
                pointer,
                protocols.contains(.http2) ? 1 : 0,
                protocols.contains(.http1) ? 1 : 0
            )
            return
        }
        try offer(names: protocols.map(\.rawValue))
    }

    private func offer(names: [String]) throws(TLSError) {
        let list = names.flatMap { [UInt8(truncatingIfNeeded: $0.utf8.count)] + Array($0.utf8) }
        // Unlike its siblings, this call returns 0 for success.
        guard unsafe SSL_CTX_set_alpn_protos(pointer, list, UInt32(list.count)) == 0 else {
            throw TLSError(.library, takeErrors())
        }
    }
}

/// Refuses, within the handshake, a peer whose certificate holds but is not the identity we talk to.
private let verifyMeshPeer: @convention(c) (CInt, OpaquePointer?) -> CInt = { holds, store in
    guard holds == 1 else { return 0 }
    guard unsafe X509_STORE_CTX_get_error_depth(store) == 0 else { return 1 }
    guard let store = unsafe store, let certificate = unsafe X509_STORE_CTX_get_current_cert(store),
        let ssl = unsafe X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx()),
        let data = unsafe COpenSSL_get_app_data(OpaquePointer(ssl))
    else { return 0 }
    let session = unsafe Unmanaged<TLSSession>.fromOpaque(data).takeUnretainedValue()
    guard unsafe session.accepts(certificate, store) else {
        unsafe X509_STORE_CTX_set_error(store, X509_V_ERR_APPLICATION_VERIFICATION)
        return 0
    }
    return 1
}
