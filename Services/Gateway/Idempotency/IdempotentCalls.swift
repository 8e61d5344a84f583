import Contracts
import HTTP
import JSON
import JSONRPC
import Lifecycle
import Observability
import TLS
import Tokens

/// Carries calls with an `idempotency-key` out once, and to their end even when who asked has gone.
struct IdempotentCalls: Sendable {
    let book: IdempotencyBook
    let people: PersonAuthorizer
    let work: KeptWork

    func callAsFunction(
        _ key: String,
        _ request: HTTPRequest,
        keepsAnswer: Bool,
        _ call: @escaping @Sendable () async throws -> HTTPResponse
    ) async throws -> HTTPResponse {
        let person = try await people.session(of: CallContext.current?.token).grant.person.id
        let fingerprint = sha256(Array("\(request.method.rawValue) \(request.path)\n".utf8) + request.body)
        switch try await book.claim(key, of: person, fingerprint, now: .now) {
        case .answered(var answer):
            answer.fields.append(lowercase: "idempotency-replayed", "true")
            return answer
        case .other:
            return Problem.response(422, "this idempotency-key was used for another request")
        case .underWay:
            var problem = Problem.response(409, "a request with this idempotency-key is under way", code: .conflict)
            problem.fields.append(lowercase: "retry-after", "1")
            return problem
        case .lost:
            return Self.unknown
        case .full:
            return Problem.response(
                RPCError(.busy, "too many idempotency-keys of yours are in use", data: ["retry_after_ms": 60_000])
            )
        case .new:
            let (context, visit) = (CallContext.current, Visit.current)
            return await work.run {
                await CallContext.$ofTask.withValue(context) {
                    await Visit.$current.withValue(visit) { await run(key, person, keepsAnswer, call) }
                }
            }
        }
    }

    private func run(
        _ key: String,
        _ person: PersonID,
        _ keepsAnswer: Bool,
        _ call: @Sendable () async throws -> HTTPResponse
    ) async -> HTTPResponse {
        let answer: HTTPResponse
        let kept: HTTPResponse?
        do {
            answer = try await call()
            kept = keepsAnswer ? answer : Self.secret
        } catch {
            let told = RPCError(telling: error)
            answer = Problem.response(told)
            kept = told.isOutcomeUnknown ? Self.unknown : answer.isFinal ? answer : nil
        }
        do {
            try await book.finish(key, of: person, kept)
        } catch {
            // The key stays as it is, under way, until it counts as lost: nothing runs twice for it.
            return answer
        }
        return answer
    }
}

extension IdempotentCalls {
    private static var secret: HTTPResponse {
        Problem.response(409, "it was answered, with a secret that is not kept", code: .conflict)
    }

    private static var unknown: HTTPResponse {
        Problem.response(
            409,
            "nobody knows whether it was carried out: look, and send it with another idempotency-key if it was not",
            code: .conflict
        )
    }
}

extension HTTPResponse {
    /// Whether the same request would be refused the same again, and not for what may have changed since.
    fileprivate var isFinal: Bool { [400, 409, 412, 422].contains(status) }
}

extension RESTHandler {
    /// Characters of a key.
    private static let keyLength = 1...255

    /// Makes the call, or repeats what was answered when it was made with the same key before.
    func once(
        _ request: HTTPRequest,
        _ method: RPCDescriptor,
        _ call: @escaping @Sendable () async throws -> HTTPResponse
    ) async throws -> HTTPResponse {
        guard method.rest?.verb == .post, !method.isIdempotent, method.access != .anyone,
            let field = request.fields["idempotency-key"]
        else { return try await call() }
        // A string of structured fields is in quotes (RFC 9651), which many leave out.
        let isQuoted = field.count > 2 && field.hasPrefix("\"") && field.hasSuffix("\"")
        let key = isQuoted ? String(field.dropFirst().dropLast()) : field
        guard Self.keyLength.contains(key.utf8.count), key.utf8.allSatisfy({ (0x21...0x7e).contains($0) }),
            request.fields.count(of: "idempotency-key") == 1
        else { throw invalid("idempotency-key", "must be one text of 1 to 255 letters without spaces") }
        guard let idempotency else { return try await call() }
        return try await idempotency(key, request, keepsAnswer: !method.answersWithSecret, call)
    }
}
