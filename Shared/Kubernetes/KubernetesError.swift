/// Why something asked of the Kubernetes API did not come about.
public struct KubernetesError: Error, Sendable, CustomStringConvertible {
    public enum Code: Sendable, Equatable {
        /// This process knows no cluster, or what it knows of it cannot be read.
        case configuration
        /// The token is not taken (401).
        case unauthorized
        /// The service account may not do this (403); the message says what it would need.
        case forbidden
        case notFound
        /// There is an object of this name already (409).
        case alreadyExists
        /// The object has changed since it was read (409): read it again, and try again.
        case conflict
        /// The resource version is no longer known (410): list again.
        case expired
        /// The object is not as it must be (400, 422).
        case invalid
        /// The server asks to wait (429, and 503 with a time).
        case busy
        /// The server failed (5xx).
        case server
        /// It cannot be reached, or does not answer in time.
        case unavailable
        /// It answers what it must not, or more than is taken.
        case protocolViolation
    }

    public var code: Code
    /// In the server's own words where it has some; printable, and of bounded length.
    public var message: String
    /// How long the server asks to wait.
    public var retryAfter: Duration?

    public init(_ code: Code, _ message: String, retryAfter: Duration? = nil) {
        self.code = code
        self.message = message.asOneLine(maximumBytes: 1_024)
        self.retryAfter = retryAfter
    }

    public var description: String { message }
}

extension KubernetesError {
    /// What an answer says that is no success; its body is a `Status`, or anything if a proxy wrote it.
    init(status: Int, _ body: KubernetesStatus?, retryAfter: Duration?) {
        let code: Code =
            switch status {
            case 401: .unauthorized
            case 403: .forbidden
            case 404: .notFound
            case 409: body?.reason == "AlreadyExists" ? .alreadyExists : .conflict
            case 410: .expired
            case 429: .busy
            case 503 where retryAfter != nil: .busy
            case 400..<500: body?.reason == "Expired" ? .expired : .invalid
            case 500...: .server
            default: .protocolViolation
            }
        let message = body?.message.flatMap { $0.isEmpty ? nil : $0 }
        self.init(code, message ?? "the Kubernetes API answered with status \(status)", retryAfter: retryAfter)
    }
}

/// What the API says about a request or a watch that failed (`meta/v1`).
struct KubernetesStatus: Decodable {
    struct Details: Decodable {
        var retryAfterSeconds: Int?
    }

    var message: String?
    var reason: String?
    var code: Int?
    var details: Details?
}

extension String {
    /// Without control characters, and cut after so many bytes of UTF-8.
    func asOneLine(maximumBytes: Int) -> String {
        var text = ""
        for scalar in unicodeScalars {
            let isControl =
                scalar.properties.generalCategory == .control || scalar.properties.generalCategory == .format
            text.unicodeScalars.append(isControl || scalar.value == 0x2028 || scalar.value == 0x2029 ? " " : scalar)
            if text.utf8.count >= maximumBytes { break }
        }
        return text
    }
}
