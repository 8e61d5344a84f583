import HTTP
import JSON
import JSONRPC

/// An error as the REST API tells it (RFC 9457).
enum Problem {
    static func response(_ error: RPCError) -> HTTPResponse {
        var response = response(status(of: error.code), error.message, code: error.code, field: error.data?["field"])
        if error.code == .unauthenticated { response.fields.append("www-authenticate", "Bearer") }
        if case .int(let milliseconds)? = error.data?["retry_after_ms"] {
            response.fields.append("retry-after", String((milliseconds + 999) / 1_000))
        }
        return response
    }

    /// `field` names the parameter that is wrong, when one is.
    static func response(
        _ status: Int,
        _ detail: String,
        code: RPCError.Code? = nil,
        field: JSONValue? = nil
    ) -> HTTPResponse {
        var members: [String: JSONValue] = [
            "type": "about:blank",
            "title": .string(HTTPStatus.reason(status)),
            "status": .int(status),
            "detail": .string(detail),
        ]
        if let code { members["code"] = .int(code.rawValue) }
        if let field { members["field"] = field }
        return HTTPResponse(
            status: status,
            contentType: "application/problem+json",
            JSONValue.object(members).json()
        )
    }

    private static func status(of code: RPCError.Code) -> Int {
        switch code {
        case .parseError, .invalidRequest, .invalidParams: 400
        case .unauthenticated: 401
        case .permissionDenied: 403
        case .methodNotFound, .notFound: 404
        case .conflict: 409
        case .busy: 429
        case .unavailable: 503
        case .deadlineExceeded, .cancelled: 504
        default: 500
        }
    }
}
