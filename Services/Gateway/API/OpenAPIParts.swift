import HTTP
import JSON
import JSONRPC

/// What the operations of the OpenAPI document share.
enum OpenAPIParts {
    static let description = """
        Sonde watches networks: targets are what is watched, checks are how, measurements are what was seen. Errors are \
        problem details (RFC 9457). Lists come in pages: follow `Link` or pass `next_cursor` as `cursor`. Reads have an \
        `ETag`; changes take `If-Match`. A POST that makes something takes `Idempotency-Key`. Members that a body does \
        not declare are refused. The same methods stand at `/rpc` as JSON-RPC 2.0; `rpc.discover` describes them.
        """

    static let problem: JSONValue = [
        "type": "object",
        "description": "What went wrong (RFC 9457).",
        "properties": [
            "type": ["type": "string", "format": "uri-reference", "description": "Always about:blank."],
            "title": ["type": "string", "description": "The words of the status."],
            "status": ["type": "integer"],
            "detail": ["type": "string", "description": "What to do about it, for people."],
            "code": ["type": "integer", "description": "The code of the same error in JSON-RPC."],
            "field": [
                "type": "string", "description": "The parameter or member that is wrong, such as `checks[0].type`.",
            ],
            "trace_id": ["type": "string", "description": "Under which the log has it (W3C Trace Context)."],
        ],
        "required": ["type", "title", "status"],
        "example": [
            "type": "about:blank", "title": "Bad Request", "status": 400, "code": -32_602, "field": "limit",
            "detail": "limit must be from 1 to 1000, got 0", "trace_id": "4bf92f3577b34da6a3ce929d0e0e4736",
        ],
    ]

    private static let meanings: [Int: String] = [
        400: "What was sent cannot be read, or is not what is declared.",
        401: "There is no token, or it is not valid.",
        403: "The role of the token's person does not allow it, or a page of another origin asks.",
        404: "There is nothing with that id.",
        408: "The request took too long to come.",
        409: "It collides with what is there, or a request with the same idempotency key is under way.",
        412: "It has changed since the version that `if-match` names.",
        413: "The body is over 1 MiB.",
        415: "The body is not application/json.",
        421: "The host is not one of this installation.",
        422: "The idempotency key was used for another request.",
        429: "Too many calls; `Retry-After` says when to come back.",
        431: "Too many or too large header fields.",
        500: "An error of ours; the log has it under `trace_id`.",
        503: "A service is not there, or busy; try again.",
        504: "It was not done in time.",
    ]

    static var responses: JSONValue {
        var responses: [String: JSONValue] = [:]
        for (status, meaning) in meanings {
            var response: [String: JSONValue] = [
                "description": .string(meaning),
                "content": ["application/problem+json": ["schema": ["$ref": "#/components/schemas/Problem"]]],
            ]
            if status == 429 || status == 503 { response["headers"] = named(["Retry-After"]) }
            responses[name(of: status)] = .object(response)
        }
        return .object(responses)
    }

    static func reference(to status: Int) -> JSONValue {
        ["$ref": .string("#/components/responses/\(name(of: status))")]
    }

    private static func name(of status: Int) -> String {
        HTTPStatus.reason(status).filter { $0 != " " }
    }

    static let headers: JSONValue = [
        "ETag": header("A strong tag of these bytes, for if-none-match and if-match.", ["type": "string"]),
        "Link": header("Where the next page is, with rel=\"next\"; none on the last one.", ["type": "string"]),
        "Location": header("Where it can be read, when it can.", ["type": "string", "format": "uri-reference"]),
        "Retry-After": header("Seconds to wait.", ["type": "integer", "minimum": 1]),
        "RateLimit-Limit": header("Calls at once, of the tightest limit that applies.", ["type": "integer"]),
        "RateLimit-Remaining": header("Calls left now.", ["type": "integer"]),
        "RateLimit-Reset": header("Seconds until all of them are there again.", ["type": "integer"]),
    ]

    static func named(_ names: [String]) -> JSONValue {
        .object(Dictionary(uniqueKeysWithValues: names.map { ($0, ["$ref": .string("#/components/headers/\($0)")]) }))
    }

    private static func header(_ description: String, _ schema: JSONValue) -> JSONValue {
        ["description": .string(description), "schema": schema]
    }

    static let idempotencyKey: JSONValue = [
        "name": "Idempotency-Key", "in": "header", "required": false,
        "description": "Made up by the client, for one request: sent again within 24 hours, it gets the same answer.",
        "schema": ["type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"],
        "example": "8e03978e-40d5-43dd-bc93-6894a57f9324",
    ]

    static let ifMatch: JSONValue = [
        "name": "If-Match", "in": "header", "required": false,
        "description": "The tag of the version that is to be changed; 412 when there is another one by now.",
        "schema": ["type": "string"],
    ]

    static let ifNoneMatch: JSONValue = [
        "name": "If-None-Match", "in": "header", "required": false,
        "description": "The tag of the version that is there already; 304 when it is the newest.",
        "schema": ["type": "string"],
    ]
}
