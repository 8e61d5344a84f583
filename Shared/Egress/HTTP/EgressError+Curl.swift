import CCurl
import EventLoop
import Glibc

extension EgressError {
    /// Sorts a libcurl error; `errno` is that of its last system call.
    init(_ code: CURLcode, errno: CInt) {
        let reason = unsafe String(cString: curl_easy_strerror(code))
        let cause = errno == 0 ? nil : SystemError(code: errno, message: "libcurl")
        self.init(Self.code(of: code, errno: errno), reason, cause: cause)
    }

    private static func code(of code: CURLcode, errno: CInt) -> Code {
        switch code {
        case CURLE_OPERATION_TIMEDOUT: .timeout
        case CURLE_COULDNT_CONNECT: connectCode(errno)
        case CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_RESOLVE_PROXY: .resolve
        case CURLE_SSL_CONNECT_ERROR:
            // A connection that ended within the handshake says so here.
            errno == ECONNRESET ? .reset : .tls
        case CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_ISSUER_ERROR, CURLE_SSL_INVALIDCERTSTATUS: .certificate
        case CURLE_SSL_CERTPROBLEM, CURLE_SSL_CIPHER: .tls
        case CURLE_RECV_ERROR, CURLE_SEND_ERROR: .reset
        case CURLE_GOT_NOTHING: errno == ECONNRESET ? .reset : .protocolViolation
        case CURLE_UNSUPPORTED_PROTOCOL, CURLE_WEIRD_SERVER_REPLY, CURLE_PARTIAL_FILE, CURLE_HTTP2,
            CURLE_HTTP2_STREAM, CURLE_BAD_CONTENT_ENCODING, CURLE_CHUNK_FAILED:
            .protocolViolation
        default: .local
        }
    }

    static func connectCode(_ errno: CInt) -> Code {
        switch errno {
        case ECONNREFUSED: .refused
        case ENETUNREACH, EHOSTUNREACH, ENETDOWN, EHOSTDOWN: .unreachable
        case ETIMEDOUT: .timeout
        case ECONNRESET: .reset
        case EACCES, EPERM: .permission
        default: .local
        }
    }
}
