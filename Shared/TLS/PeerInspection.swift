internal import COpenSSL

/// What a server shows of itself in a handshake.
public struct PeerInspection: Equatable, Sendable {
    /// `TLSv1.3` and so on.
    public var version: String
    public var cipher: String
    /// What was agreed on by ALPN; `nil` for nothing.
    public var applicationProtocol: String?
    /// The server's own certificate.
    public var certificate: CertificateSummary
    /// Certificates that the server sent.
    public var chainLength: Int
    /// Why the certificate is not trusted for the name that was asked for; `nil` when it is.
    public var distrust: String?
}

/// The parts of a certificate that people look at; all of it is what its maker wrote.
public struct CertificateSummary: Equatable, Sendable {
    /// In one line (RFC 2253).
    public var subject: String
    public var issuer: String
    /// DNS names, at most 20.
    public var names: [String]
    /// Seconds since 1970 in UTC.
    public var notBefore: Int64
    public var notAfter: Int64
}

extension PeerInspection {
    /// Of a session whose handshake is done; `nil` when the peer has no certificate.
    @unsafe init?(_ ssl: OpaquePointer) {
        guard let certificate = unsafe SSL_get0_peer_certificate(ssl) else { return nil }
        var name: UnsafePointer<UInt8>?
        var count: UInt32 = 0
        unsafe SSL_get0_alpn_selected(ssl, &name, &count)
        let result = unsafe SSL_get_verify_result(ssl)
        self.init(
            version: unsafe String(cString: SSL_get_version(ssl)),
            cipher: unsafe SSL_get_current_cipher(ssl).map { unsafe String(cString: SSL_CIPHER_get_name($0)) } ?? "",
            applicationProtocol: count == 0
                ? nil : unsafe String(decoding: UnsafeBufferPointer(start: name, count: Int(count)), as: UTF8.self),
            certificate: unsafe CertificateSummary(certificate),
            chainLength: max(1, Int(unsafe COpenSSL_chain_length(ssl))),
            distrust: result == Int(X509_V_OK) ? nil : unsafe String(cString: X509_verify_cert_error_string(result))
        )
    }
}

extension CertificateSummary {
    private static let maximumNames = 20
    private static let maximumNameBytes = 256

    @unsafe fileprivate init(_ certificate: OpaquePointer) {
        self.init(
            subject: unsafe Self.text(X509_get_subject_name(certificate)),
            issuer: unsafe Self.text(X509_get_issuer_name(certificate)),
            names: unsafe Self.names(of: certificate),
            notBefore: unsafe COpenSSL_not_before(certificate),
            notAfter: unsafe COpenSSL_not_after(certificate)
        )
    }

    @unsafe private static func text(_ name: OpaquePointer?) -> String {
        var bytes = [CChar](repeating: 0, count: maximumNameBytes)
        let length = unsafe COpenSSL_print_name(name, &bytes, CInt(bytes.count))
        return String(decoding: bytes.prefix(Int(max(0, length))).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    @unsafe private static func names(of certificate: OpaquePointer) -> [String] {
        guard let list = unsafe COpenSSL_alternative_names(certificate) else { return [] }
        defer { unsafe GENERAL_NAMES_free(list) }
        var names: [String] = []
        var index: CInt = 0
        var bytes = [CChar](repeating: 0, count: maximumNameBytes)
        while names.count < maximumNames {
            let length = unsafe COpenSSL_dns_name(list, &index, &bytes, CInt(bytes.count))
            guard length > 0 else { break }
            names.append(String(decoding: bytes.prefix(Int(length)).map { UInt8(bitPattern: $0) }, as: UTF8.self))
        }
        return names
    }
}
