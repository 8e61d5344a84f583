import Contracts
import Egress
import EventLoop
import Foundation
import TLS

/// What an `http` check sends, and what it makes of what comes back.
struct HTTPCheck {
    /// Bytes of the body in which a text is looked for.
    static let bodyBytes = 65_536

    let url: String
    let options: CheckOptions
    let expectation: HTTPExpectation
    let destination: Destination
    let secrets: ProbeSecrets

    /// Throws `EgressError` with `badRequest` when a pattern is none.
    init(
        of target: TargetAddress,
        at destination: Destination,
        _ options: CheckOptions,
        _ secrets: ProbeSecrets
    ) throws(EgressError) {
        url = options.url(of: target)
        expectation = try HTTPExpectation(options)
        self.options = options
        self.destination = destination
        self.secrets = secrets
    }

    func request(_ timeout: Duration) throws(EgressError) -> EgressRequest {
        var request = EgressRequest(options.method ?? "GET", url, timeout: timeout)
        request.maximumBodyBytes = Self.bodyBytes
        request.version = options.httpVersion.flatMap { EgressRequest.Version(rawValue: $0.rawValue) }
        request.maximumRedirects = options.redirects ?? 0
        request.family = destination.family
        request.pinned = destination.pinned
        request.body = options.body.map { Array($0.utf8) }
        request.headers = (options.headers ?? [:]).sorted { $0.key < $1.key }.map(EgressHeader.init)
        if let name = options.bearerSecret {
            request.headers.append(EgressHeader("Authorization", "Bearer \(try secrets.value(name, for: url))"))
        } else if let name = options.basicSecret {
            let pair = Data(try secrets.value(name, for: url).utf8).base64EncodedString()
            request.headers.append(EgressHeader("Authorization", "Basic \(pair)"))
        }
        return request
    }

    func outcome(of response: EgressResponse, startedAt: Timestamp) -> ProbeOutcome {
        var metadata = ProbeMetadata()
        metadata.text("address", response.remoteAddress)
        metadata.integer("status", response.status)
        metadata.text("http_version", response.httpVersion)
        metadata.integer("body_bytes", response.body.count)
        if response.redirectCount > 0 { metadata.integer("redirects", response.redirectCount) }
        metadata.phases(response.times)
        if let inspection = response.inspection { metadata.certificate(inspection, at: startedAt) }
        let failure = expectation.failure(of: response, at: startedAt)
        if let failure { metadata.text("error", failure.message) }
        metadata.headers(response.headers)
        return ProbeOutcome(
            startedAt: startedAt,
            reason: failure?.reason ?? .none,
            latencyMicroseconds: Double(response.times.total),
            metadata: metadata
        )
    }

    /// A request that ended without a response.
    func outcome(of error: EgressError, startedAt: Timestamp) -> ProbeOutcome {
        var metadata = ProbeMetadata()
        if let address = error.remoteAddress { metadata.text("address", address) }
        metadata.phases(error.times)
        if let inspection = error.inspection { metadata.certificate(inspection, at: startedAt) }
        return ProbeOutcome(startedAt: startedAt, error, metadata: metadata)
    }
}

extension ProbeMetadata {
    /// What tells of the server and its answer, and nothing of its client; the values of all others stay away.
    private static let publicFields: Set<String> = [
        "age", "alt-svc", "cache-control", "connection", "content-encoding", "content-length", "content-type", "date",
        "etag", "expires", "last-modified", "retry-after", "server", "strict-transport-security", "transfer-encoding",
        "vary", "via", "x-cache",
    ]

    fileprivate mutating func phases(_ times: EgressTimes) {
        milliseconds("dns_ms", microseconds: times.dns)
        milliseconds("connect_ms", microseconds: times.connect)
        milliseconds("tls_ms", microseconds: times.tls)
        milliseconds("first_byte_ms", microseconds: times.firstByte)
        milliseconds("total_ms", microseconds: times.total)
    }

    fileprivate mutating func headers(_ headers: [EgressHeader]) {
        let shown = headers.map { header in
            let name = header.name.lowercased()
            guard name != "location" else { return "\(name): \(header.value.prefix { $0 != "?" && $0 != "#" })" }
            return "\(name): \(Self.publicFields.contains(name) ? header.value : "(removed)")"
        }
        texts("headers", shown)
    }
}
