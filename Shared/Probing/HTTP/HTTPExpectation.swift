import Contracts
import Egress
import Patterns
import TLS

/// What a response must be like.
struct HTTPExpectation {
    struct Failure: Equatable {
        var reason: FailureReason
        var message: String
    }

    private let status: Set<Int>
    private let headers: [(name: String, pattern: Pattern)]
    private let bodyContains: String?
    private let bodyMatches: Pattern?
    private let certificateDays: Int?

    /// Throws `EgressError` with `badRequest` when a pattern is none.
    init(_ options: CheckOptions) throws(EgressError) {
        status = Set(options.expectedStatus ?? [])
        bodyContains = options.bodyContains
        certificateDays = options.certificateDays
        do throws(PatternError) {
            headers = try (options.expectedHeaders ?? [:]).sorted { $0.key < $1.key }
                .map { (name, text) throws(PatternError) in (name, try Pattern(text)) }
            bodyMatches = if let text = options.bodyMatches { try Pattern(text) } else { nil }
        } catch {
            throw EgressError(.badRequest, "a pattern \(error.message)")
        }
    }

    /// The first thing about a response that is not as it must be.
    func failure(of response: EgressResponse, at now: Timestamp) -> Failure? {
        let isExpected = status.isEmpty ? (200..<400).contains(response.status) : status.contains(response.status)
        guard isExpected else { return Failure(reason: .httpStatus, message: "status \(response.status)") }
        if let certificateDays, let end = response.inspection?.certificate.notAfter,
            let message = ending(end, within: certificateDays, at: now)
        {
            return Failure(reason: .certificate, message: message)
        }
        for (name, pattern) in headers {
            guard let value = response.header(name) else {
                return Failure(reason: .httpBody, message: "there is no header \(name)")
            }
            if let message = mismatch(of: Array(value.utf8), with: pattern, "the header \(name)") { return message }
        }
        if let bodyContains, !String(decoding: response.body, as: UTF8.self).contains(bodyContains) {
            return Failure(reason: .httpBody, message: "the body does not contain the text")
        }
        return bodyMatches.flatMap { mismatch(of: response.body, with: $0, "the body") }
    }

    private func mismatch(of bytes: [UInt8], with pattern: Pattern, _ what: String) -> Failure? {
        do throws(PatternError) {
            guard try !pattern.matches(bytes) else { return nil }
            return Failure(reason: .httpBody, message: "\(what) does not match the pattern")
        } catch {
            return Failure(reason: .httpBody, message: "the pattern for \(what) \(error.message)")
        }
    }
}
