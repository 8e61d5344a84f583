internal import COpenSSL
import Glibc

/// Signs the certificates of one trust domain.
public struct CertificateAuthority: Sendable {
    public let certificate: Certificate
    private let key: PrivateKey

    public init(certificate: Certificate, key: PrivateKey) throws(TLSError) {
        guard certificate.belongs(to: key) else {
            throw TLSError(.identity, "the key of the certificate authority is not its certificate's")
        }
        self.certificate = certificate
        self.key = key
    }

    /// A new authority, self-signed; returns its key too, which whoever keeps the authority must keep.
    ///
    /// The key is a new one on P-256 unless there is one, and time begins now unless it begins at `start`, in seconds
    /// since 1970. `parent` signs in its own place; `pathLength` is how many authorities may stand between it and a leaf.
    /// Authorities that the same peers trust are told apart by `name`.
    public static func make(
        _ name: String = "Sonde CA",
        trustDomain: String,
        key: PrivateKey? = nil,
        parent: CertificateAuthority? = nil,
        pathLength: Int = 0,
        lifetime: Duration = .seconds(3_650 * 86_400),
        startingAt start: Int64? = nil
    ) throws(TLSError) -> (authority: CertificateAuthority, key: PrivateKey) {
        let key = if let key { key } else { try PrivateKey.p256() }
        var draft = try unsafe Draft.make(
            commonName: "\(name) (\(trustDomain))",
            key: key.pointer,
            lifetime: lifetime,
            startingAt: start ?? Draft.now
        )
        try draft.add(NID_basic_constraints, "critical,CA:TRUE,pathlen:\(pathLength)")
        try draft.add(NID_key_usage, "critical,keyCertSign,cRLSign")
        try draft.add(NID_subject_key_identifier, "hash")
        try draft.add(NID_subject_alt_name, "URI:spiffe://\(trustDomain)/ca")
        let certificate = try draft.sign(with: parent?.key ?? key, issuer: parent?.certificate)
        return (try CertificateAuthority(certificate: certificate, key: key), key)
    }

    /// A leaf certificate for both ends of mutual TLS, with `uris` as its URI names and `addresses` as its IP addresses.
    ///
    /// A valid identity has exactly one; the tests make others on purpose. Time begins now, or at `start`, in seconds
    /// since 1970.
    public func issue(
        uris: [String],
        dnsNames: [String] = [],
        addresses: [String] = [],
        for subject: PrivateKey,
        lifetime: Duration,
        startingAt start: Int64? = nil,
        startingIn delay: Duration = .zero
    ) throws(TLSError) -> Certificate {
        let start = (start ?? Draft.now) + delay.components.seconds
        var draft = try unsafe Draft.make(
            commonName: "sonde",
            key: subject.pointer,
            lifetime: lifetime,
            startingAt: start
        )
        let names = uris.map { "URI:\($0)" } + dnsNames.map { "DNS:\($0)" } + addresses.map { "IP:\($0)" }
        try draft.becomeLeaf(names, usage: "serverAuth,clientAuth")
        return try draft.sign(with: key, issuer: certificate)
    }

    /// The same for who asks with `request`, and as a client alone.
    public func issue(
        _ id: SPIFFEID,
        for request: CertificateRequest,
        lifetime: Duration,
        startingAt start: Int64
    ) throws(TLSError) -> Certificate {
        var draft = try unsafe Draft.make(
            commonName: "sonde",
            key: request.key.pointer,
            lifetime: lifetime,
            startingAt: start
        )
        try draft.becomeLeaf(["URI:\(id)"], usage: "clientAuth")
        return try draft.sign(with: key, issuer: certificate)
    }

    public func issue(
        _ id: SPIFFEID,
        dnsNames: [String] = [],
        for subject: PrivateKey,
        lifetime: Duration
    ) throws(TLSError) -> Certificate {
        try issue(uris: [id.description], dnsNames: dnsNames, for: subject, lifetime: lifetime)
    }
}

/// A certificate that is being made.
@safe private struct Draft: ~Copyable {
    private let pointer: OpaquePointer

    private init(owning pointer: OpaquePointer) {
        unsafe self.pointer = pointer
    }

    /// Seconds since 1970.
    static var now: Int64 { Int64(time(nil)) }

    static func make(
        commonName: String,
        key: OpaquePointer?,
        lifetime: Duration,
        startingAt start: Int64
    ) throws(TLSError) -> Draft {
        guard let certificate = unsafe X509_new() else { throw TLSError(.library, takeErrors()) }
        let draft = unsafe Draft(owning: certificate)
        unsafe X509_set_version(certificate, 2)
        try draft.setSerialNumber()
        var start = time_t(start)
        // A minute of grace for peers whose clock is a little behind.
        unsafe X509_time_adj(X509_getm_notBefore(certificate), -60, &start)
        unsafe X509_time_adj(X509_getm_notAfter(certificate), Int(lifetime.components.seconds), &start)
        try unsafe check(X509_set_pubkey(certificate, key), .library, "X509_set_pubkey")
        let name = unsafe X509_get_subject_name(certificate)
        let result = unsafe X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, commonName, -1, -1, 0)
        try check(result, .library, "X509_NAME_add_entry_by_txt")
        return draft
    }

    deinit {
        unsafe X509_free(pointer)
    }

    mutating func add(_ extensionID: CInt, _ value: String) throws(TLSError) {
        let result = unsafe COpenSSL_add_extension(pointer, pointer, extensionID, value)
        try check(result, .identity, "X509V3_EXT_conf_nid")
    }

    mutating func becomeLeaf(_ names: [String], usage: String) throws(TLSError) {
        try add(NID_basic_constraints, "critical,CA:FALSE")
        try add(NID_key_usage, "critical,digitalSignature")
        try add(NID_ext_key_usage, usage)
        if !names.isEmpty { try add(NID_subject_alt_name, names.joined(separator: ",")) }
    }

    consuming func sign(with key: PrivateKey, issuer: Certificate?) throws(TLSError) -> Certificate {
        let name = unsafe X509_get_subject_name(issuer?.pointer ?? pointer)
        try unsafe check(X509_set_issuer_name(pointer, name), .library, "X509_set_issuer_name")
        // Ed25519 has its own hash function (RFC 8410).
        let digest = unsafe EVP_PKEY_get_id(key.pointer) == EVP_PKEY_ED25519 ? nil : EVP_sha256()
        try unsafe check(X509_sign(pointer, key.pointer, digest), .library, "X509_sign")
        unsafe X509_up_ref(pointer)
        return unsafe Certificate(owning: pointer)
    }

    private func setSerialNumber() throws(TLSError) {
        var bytes = try randomBytes(16)
        // Positive, and of the same length always.
        bytes[0] = bytes[0] & 0x7f | 0x40
        let number = unsafe BN_bin2bn(bytes, CInt(bytes.count), nil)
        defer { unsafe BN_free(number) }
        guard unsafe BN_to_ASN1_INTEGER(number, X509_get_serialNumber(pointer)) != nil else {
            throw TLSError(.library, takeErrors())
        }
    }
}
