import Contracts
import HTTP
import JSON
import JSONRPC
import Observability

/// An error as the REST API tells it (RFC 9457), with the trace that the log has it under.
///
/// `type` is always `about:blank`: what a program tells problems apart by is `code`, which JSON-RPC has too.
enum Problem {
    static func response(_ error: RPCError) -> HTTPResponse {
        var response = response(status(of: error), error.message, code: error.code, field: error.data?["field"])
        if error.code == .unauthenticated { response.fields.append(lowercase: "www-authenticate", "Bearer") }
        if case .int(let milliseconds)? = error.data?["retry_after_ms"] {
            response.fields.append("retry-after", decimal: max(1, (milliseconds + 999) / 1_000))
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
        let body = document(status, detail, code: code, field: field).json()
        return HTTPResponse(status: status, contentType: "application/problem+json", body)
    }

    /// What a page, or the HTTP below, refuses in its own words.
    static func wording(_ response: HTTPResponse) -> HTTPResponse {
        guard response.status >= 400, case .bytes(let text) = response.body,
            response.fields["content-type"]?.hasPrefix("application/") != true
        else { return response }
        let words = String(decoding: text, as: UTF8.self).split(separator: "\n").first.map(String.init)
        var problem = self.response(response.status, words ?? HTTPStatus.reason(response.status))
        for (name, value) in response.fields.all where name != "content-type" { problem.fields.append(name, value) }
        return problem
    }

    static func document(_ error: RPCError) -> JSONValue {
        document(status(of: error), error.message, code: error.code, field: error.data?["field"])
    }

    private static func document(
        _ status: Int,
        _ detail: String,
        code: RPCError.Code?,
        field: JSONValue?
    ) -> JSONValue {
        var members: [String: JSONValue] = [
            "type": "about:blank",
            "title": .string(HTTPStatus.reason(status)),
            "status": .int(status),
            "detail": .string(detail),
        ]
        if let code { members["code"] = .int(code.rawValue) }
        if let field { members["field"] = field }
        if let trace = CallContext.current?.trace { members["trace_id"] = .string(trace.traceID) }
        return .object(members)
    }

    private static func status(of error: RPCError) -> Int {
        switch error.code {
        // What `if-match` became on its way to the owner.
        case .conflict where error.data?["field"]?.text == versionMember: 412
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
