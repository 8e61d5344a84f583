import HTTP

/// What every answer tells a browser, so that it cannot be talked into anything (OWASP Secure Headers).
enum SecurityFields {
    private static let policy = "default-src 'none'; frame-ancestors 'none'"
    private static let yearOfTLS = "max-age=31536000"

    /// What an answer says already stays.
    static func add(to fields: inout HTTPFields, isEncrypted: Bool) {
        if fields.lacks("x-content-type-options") { fields.append(lowercase: "x-content-type-options", "nosniff") }
        if fields.lacks("content-security-policy") { fields.append(lowercase: "content-security-policy", policy) }
        if fields.lacks("referrer-policy") { fields.append(lowercase: "referrer-policy", "no-referrer") }
        if fields.lacks("cache-control") { fields.append(lowercase: "cache-control", "no-store") }
        if fields.lacks("cross-origin-resource-policy") {
            fields.append(lowercase: "cross-origin-resource-policy", "same-origin")
        }
        if isEncrypted { fields.append(lowercase: "strict-transport-security", yearOfTLS) }
    }
}

extension HTTPFields {
    /// Whether there is none of this name yet.
    fileprivate func lacks(_ name: StaticString) -> Bool { count(of: name) == 0 }
}
