internal import COpenSSL
import Glibc

/// One TLS connection without a socket: ciphertext goes in, plaintext comes out, and the other way round.
///
/// Confined to the loop of its connection. Owns the `SSL *`, and frees it.
@safe public final class TLSSession {
    private let ssl: OpaquePointer
    private let context: TLSContext
    private let expectedService: String?
    /// Ciphertext that OpenSSL has not read yet; it points into a caller's buffer, and only while `receive` runs.
    private var input = unsafe UnsafeRawBufferPointer(start: nil, count: 0)
    /// Ciphertext to be sent; whoever sends it takes it from here.
    public var output: [UInt8] = []
    public private(set) var isEstablished = false
    /// Who is at the other end of the mesh; set when the handshake is done.
    public private(set) var peer: SPIFFEID?
    /// Seconds since 1970 at which the peer's certificate ends; 0 without one.
    public private(set) var peerNotAfter: Int64 = 0
    private var refusal: String?

    /// `service`: the only service that a client of the mesh talks to.
    ///
    /// `serverName`: the name that a client of the web asks for, or the address, that the server's certificate must
    /// bear.
    ///
    /// `time`: seconds since 1970 at which certificates must hold, when that is not now.
    public init(
        _ context: TLSContext,
        expecting service: String? = nil,
        serverName: String? = nil,
        at time: Int64? = nil
    ) throws(TLSError) {
        ERR_clear_error()
        guard let ssl = unsafe SSL_new(context.pointer), let bio = unsafe BIO_new(bioMethod) else {
            throw TLSError(.library, takeErrors())
        }
        unsafe self.ssl = ssl
        self.context = context
        expectedService = service
        unsafe BIO_set_init(bio, 1)
        unsafe SSL_set_bio(ssl, bio, bio)
        let this = unsafe Unmanaged.passUnretained(self).toOpaque()
        unsafe BIO_set_data(bio, this)
        unsafe COpenSSL_set_app_data(ssl, this)
        unsafe context.isServer ? SSL_set_accept_state(ssl) : SSL_set_connect_state(ssl)
        if let time { unsafe X509_VERIFY_PARAM_set_time(SSL_get0_param(ssl), time_t(time)) }
        // An address is not sent (RFC 6066, section 3); OpenSSL tells whether the name is one.
        if let serverName, unsafe COpenSSL_set_address(ssl, serverName) != 1 {
            ERR_clear_error()
            try unsafe check(COpenSSL_set_server_name(ssl, serverName), .library, "SSL_set_tlsext_host_name")
            try unsafe check(SSL_set1_host(ssl, serverName), .library, "SSL_set1_host")
        }
    }

    deinit {
        unsafe SSL_free(ssl)
    }

    /// Starts a client's handshake: its first message is in `output` afterwards.
    public func start() throws(TLSError) {
        try handshake()
    }

    /// Takes ciphertext, and hands plaintext to `body` piece by piece, read through `scratch`.
    ///
    /// Returns `false` when the peer has said that it will send no more.
    public func receive(
        _ ciphertext: Span<UInt8>,
        scratch: TLSScratch,
        _ body: (Span<UInt8>) throws -> Void
    ) throws -> Bool {
        try unsafe ciphertext.withUnsafeBytes { bytes in
            unsafe input = bytes
            defer { unsafe input = UnsafeRawBufferPointer(start: nil, count: 0) }
            if !isEstablished {
                try handshake()
                guard isEstablished else { return true }
            }
            return try read(scratch, body)
        }
    }

    /// Encrypts `plaintext` into `output`.
    public func send(_ plaintext: Span<UInt8>) throws(TLSError) {
        var done = 0
        while done < plaintext.count {
            ERR_clear_error()
            // One record at a time.
            let written = unsafe plaintext.withUnsafeBytes { bytes in
                unsafe SSL_write(ssl, bytes.baseAddress?.advanced(by: done), CInt(clamping: bytes.count - done))
            }
            guard written > 0 else { throw TLSError(.library, "SSL_write: \(takeErrors())") }
            done += Int(written)
        }
    }

    /// Tells the peer that nothing follows.
    public func close() {
        guard isEstablished else { return }
        ERR_clear_error()
        _ = unsafe SSL_shutdown(ssl)
        ERR_clear_error()
    }

    /// The protocol that both sides agreed on.
    public var applicationProtocol: ApplicationProtocol? {
        var name: UnsafePointer<UInt8>?
        var count: UInt32 = 0
        unsafe SSL_get0_alpn_selected(ssl, &name, &count)
        let text = unsafe String(decoding: UnsafeBufferPointer(start: name, count: Int(count)), as: UTF8.self)
        return ApplicationProtocol(rawValue: text)
    }

    /// What the peer showed; `nil` before the handshake is done, and when it has no certificate.
    public var inspection: PeerInspection? {
        isEstablished ? unsafe PeerInspection(ssl) : nil
    }

    private func handshake() throws(TLSError) {
        ERR_clear_error()
        let result = unsafe SSL_do_handshake(ssl)
        guard result != 1 else {
            isEstablished = true
            if !context.isForLooks { unsafe COpenSSL_release_buffers(ssl) }
            notePeer()
            return
        }
        guard unsafe SSL_get_error(ssl, result) != SSL_ERROR_WANT_READ else { return }
        let reason = refusal ?? takeErrors()
        ERR_clear_error()
        throw TLSError(refusal == nil ? .handshake : .untrusted, "handshake: \(reason)")
    }

    private func read(
        _ scratch: TLSScratch,
        _ body: (Span<UInt8>) throws -> Void
    ) throws -> Bool {
        while true {
            ERR_clear_error()
            let count = unsafe SSL_read(ssl, scratch.bytes.baseAddress, CInt(scratch.bytes.count))
            guard count <= 0 else {
                try body(unsafe UnsafeBufferPointer(rebasing: scratch.bytes[..<Int(count)]).span)
                continue
            }
            switch unsafe SSL_get_error(ssl, count) {
            case SSL_ERROR_WANT_READ: return true
            case SSL_ERROR_ZERO_RETURN: return false
            default: throw TLSError(.handshake, "SSL_read: \(refusal ?? takeErrors())")
            }
        }
    }

    private func notePeer() {
        guard let certificate = unsafe SSL_get1_peer_certificate(ssl) else { return }
        defer { unsafe X509_free(certificate) }
        peer = unsafe try? Certificate.spiffeID(of: certificate)
        peerNotAfter = unsafe COpenSSL_not_after(certificate)
    }

    /// Whether a peer's certificate, whose chain holds, is one that this end talks to; `verification` has the chain.
    func accepts(_ certificate: OpaquePointer, _ verification: OpaquePointer) -> Bool {
        guard case .mesh(let trustDomain, let agents) = context.trust else { return true }
        do throws(TLSError) {
            let id = try unsafe Certificate.spiffeID(of: certificate)
            guard id.trustDomain == trustDomain else {
                throw TLSError(.untrusted, "\(id) is of another trust domain than \(trustDomain)")
            }
            guard let service = id.service, expectedService == nil || service == expectedService else {
                throw TLSError(.untrusted, "\(id) is not \(expectedService ?? "a service")")
            }
            // By their keys, wherever they stand: one that another authority vouches for too is not more for that.
            let isVouchedByAgents = agents.contains { authority in
                unsafe COpenSSL_chain_has_key(verification, authority.pointer) == 1
            }
            guard isVouchedByAgents == id.isEnrolled, !id.isEnrolled || service == SPIFFEID.agentService else {
                throw TLSError(.untrusted, "\(id) is not for its authority to vouch for")
            }
            return true
        } catch {
            refusal = error.message
            return false
        }
    }

    fileprivate func takeInput(_ target: UnsafeMutableRawPointer, _ capacity: Int) -> Int {
        let count = min(capacity, unsafe input.count)
        guard count > 0, let source = unsafe input.baseAddress else { return 0 }
        unsafe target.copyMemory(from: source, byteCount: count)
        unsafe input = UnsafeRawBufferPointer(rebasing: input[count...])
        return count
    }

    fileprivate func addOutput(_ bytes: UnsafeRawBufferPointer) {
        unsafe output.append(contentsOf: bytes)
    }
}

/// The BIO between OpenSSL and a `TLSSession`.
///
/// Made once, never freed, and only read: safe to share.
nonisolated(unsafe) private let bioMethod: OpaquePointer? = unsafe COpenSSL_bio_method(
    { bio, target, capacity in
        unsafe COpenSSL_clear_retry(bio)
        guard let data = unsafe BIO_get_data(bio), let target = unsafe target else { return -1 }
        let session = unsafe Unmanaged<TLSSession>.fromOpaque(data).takeUnretainedValue()
        let count = unsafe session.takeInput(target, Int(capacity))
        guard count > 0 else {
            unsafe COpenSSL_set_retry_read(bio)
            return -1
        }
        return CInt(count)
    },
    { bio, source, count in
        guard let data = unsafe BIO_get_data(bio), let source = unsafe source else { return -1 }
        let session = unsafe Unmanaged<TLSSession>.fromOpaque(data).takeUnretainedValue()
        unsafe session.addOutput(UnsafeRawBufferPointer(start: source, count: Int(count)))
        return count
    },
    { _, control, _, _ in CInt(COpenSSL_is_flush(control)) == 1 ? 1 : 0 }
)
