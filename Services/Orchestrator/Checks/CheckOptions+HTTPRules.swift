import Contracts
import JSONRPC
import Patterns

extension CheckOptions {
    private static let maximumFields = 20
    private static let maximumBodyBytes = 16_384
    private static let methods = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
    /// What decides where a message ends or which connection carries it is the client's own business.
    private static let ownFields = [
        "authorization", "connection", "content-length", "expect", "host", "keep-alive", "proxy-authorization",
        "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade",
    ]

    func validateHTTP(in prefix: String) throws(RPCError) {
        if let url, !isWebURL(url) { throw invalid(prefix + "url", "must be an http or https URL") }
        if let method, !Self.methods.contains(method) {
            throw invalid(prefix + "method", "must be one of \(Self.methods.joined(separator: ", "))")
        }
        try validateRequest(in: prefix)
        try validateExpectations(in: prefix)
    }

    private func validateRequest(in prefix: String) throws(RPCError) {
        for (name, value) in try fields(headers, prefix + "headers") {
            guard !Self.ownFields.contains(name.lowercased()) else {
                throw invalid(prefix + "headers", "must not set \(name)")
            }
            guard value.utf8.count <= 1_024, value.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7f }) else {
                throw invalid(prefix + "headers", "has a value that is too long or has control characters")
            }
        }
        if let body {
            guard body.utf8.count <= Self.maximumBodyBytes else {
                throw invalid(prefix + "body", "must have at most \(Self.maximumBodyBytes) bytes")
            }
            guard let method, !["GET", "HEAD"].contains(method) else {
                throw invalid(prefix + "body", "needs a method that carries one, such as POST")
            }
        }
        if let basicSecret, !isSecretName(basicSecret) { throw invalid(prefix + "basic_secret", Self.secretRule) }
        if let bearerSecret, !isSecretName(bearerSecret) { throw invalid(prefix + "bearer_secret", Self.secretRule) }
        guard basicSecret == nil || bearerSecret == nil else {
            throw invalid(prefix + "bearer_secret", "cannot stand beside basic_secret")
        }
        if let redirects { try checkNumber(redirects, prefix + "redirects", 0...10) }
    }

    private func validateExpectations(in prefix: String) throws(RPCError) {
        if let expectedStatus {
            guard (1...20).contains(expectedStatus.count) else {
                throw invalid(prefix + "expected_status", "must list 1 to 20 status codes")
            }
            for status in expectedStatus { try checkNumber(status, prefix + "expected_status", 100...599) }
        }
        if let bodyContains, !(1...1_024).contains(bodyContains.utf8.count) {
            throw invalid(prefix + "body_contains", "must have 1 to 1024 bytes")
        }
        for (_, pattern) in try fields(expectedHeaders, prefix + "expected_headers") {
            try checkPattern(pattern, prefix + "expected_headers")
        }
        if let bodyMatches { try checkPattern(bodyMatches, prefix + "body_matches") }
    }

    private func fields(_ fields: [String: String]?, _ field: String) throws(RPCError) -> [String: String] {
        let fields = fields ?? [:]
        guard fields.count <= Self.maximumFields else {
            throw invalid(field, "must have at most \(Self.maximumFields) fields")
        }
        let isName: (String) -> Bool = { name in
            (1...64).contains(name.utf8.count) && isVisible(name)
                && !name.utf8.contains { #""(),/:;<=>?@[\]{}"#.utf8.contains($0) }
        }
        guard fields.keys.allSatisfy(isName) else { throw invalid(field, "has a name that is no field name") }
        return fields
    }

    private func checkPattern(_ text: String, _ field: String) throws(RPCError) {
        do throws(PatternError) {
            _ = try Pattern(text)
        } catch {
            throw invalid(field, error.message)
        }
    }

    private static let secretRule = "must be a name of 1 to 64 letters, digits, dots, dashes and underscores"

    /// A file's name, which can lead nowhere else.
    private func isSecretName(_ name: String) -> Bool {
        (1...64).contains(name.utf8.count) && name.first != "."
            && name.utf8.allSatisfy { isNameByte($0) || "._-".utf8.contains($0) }
    }
}
