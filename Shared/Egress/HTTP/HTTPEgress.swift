import EventLoop
import HTTP

/// Sends HTTP requests to addresses that others chose: resolves, checks every address against the policy, connects to
/// the one it checked, and bounds all that may come back.
///
/// To be used on the gate's loop only.
public final class HTTPEgress {
    public let gate: AddressGate
    private let trust: TrustedAuthorities
    private let loop: EventLoop
    private let maximumTransfers: Int
    private var transfers = 0

    /// `maximumTransfers` bounds what is under way at once.
    public init(_ gate: AddressGate, trust: TrustedAuthorities = TrustedAuthorities(), maximumTransfers: Int = 256) {
        self.gate = gate
        self.trust = trust
        self.maximumTransfers = maximumTransfers
        loop = gate.resolver.loop
    }

    /// Sends one request and waits for the end of its response.
    ///
    /// Cancelling the task ends the transfer. Every status code is a response. Throws `EgressError` with the times of the
    /// phases that were reached.
    public func perform(_ request: EgressRequest) async throws(EgressError) -> EgressResponse {
        try request.validate()
        var request = request
        var url = try EgressURL(request.url)
        // Reading the authorities takes milliseconds now and then, which are none of the target's.
        if url.isSecure { _ = try trust.context(protocols: HTTPDialogue.protocols(request.version)) }
        let clock = LoopClock(loop)
        let start = clock.now
        var redirectsLeft = request.maximumRedirects
        while true {
            let left = request.timeout - start.duration(to: clock.now)
            var response = try await performOnce(request, url, timeout: left)
            guard let next = response.redirect, request.maximumRedirects > 0 else {
                response.times.total = Int(start.duration(to: clock.now).inNanoseconds / 1_000)
                response.redirectCount = request.maximumRedirects - redirectsLeft
                return response
            }
            guard redirectsLeft > 0 else {
                throw EgressError(.tooManyRedirects, "the target redirects more often than is followed")
            }
            redirectsLeft -= 1
            let nextURL = try EgressURL(next)
            request.follow(from: url, to: nextURL, status: response.status)
            guard nextURL.isSecure || !url.isSecure else {
                throw EgressError(.forbidden, "the target redirects from https to http")
            }
            url = nextURL
        }
    }

    private func performOnce(
        _ request: EgressRequest,
        _ url: EgressURL,
        timeout: Duration
    ) async throws(EgressError) -> EgressResponse {
        let clock = LoopClock(loop)
        let start = clock.now
        guard timeout > .zero else { throw EgressError(.timeout, "redirects took all the time there was") }
        let address =
            if let pinned = request.pinned { pinned } else {
                try await gate.addresses(of: url.host, family: request.family, timeout: timeout)[0]
            }
        let resolved = start.duration(to: clock.now)
        let dns = Int(resolved.inNanoseconds / 1_000)
        do throws(EgressError) {
            var response = try await transfer(request, url, to: address, timeout: timeout - resolved)
            response.times.dns = dns
            return response
        } catch {
            var error = error
            error.times.dns = dns
            error.times.total += dns
            throw error
        }
    }

    /// A server that is going away may send the request back unread; then it is sent once more.
    private func transfer(
        _ request: EgressRequest,
        _ url: EgressURL,
        to address: IPAddress,
        timeout: Duration
    ) async throws(EgressError) -> EgressResponse {
        let start = LoopClock(loop).now
        do throws(EgressError) {
            return try await transferOnce(request, url, to: address, timeout: timeout)
        } catch {
            guard error.isUnread else { throw error }
            let left = timeout - start.duration(to: LoopClock(loop).now)
            return try await transferOnce(request, url, to: address, timeout: left)
        }
    }

    private func transferOnce(
        _ request: EgressRequest,
        _ url: EgressURL,
        to address: IPAddress,
        timeout: Duration
    ) async throws(EgressError) -> EgressResponse {
        guard transfers < maximumTransfers else {
            throw EgressError(.busy, "as many requests are under way as may be")
        }
        transfers += 1
        defer { transfers -= 1 }
        let address = SocketAddress(address, port: url.port)
        let connection = EgressConnection(
            address: address,
            context: url.isSecure ? try trust.context(protocols: HTTPDialogue.protocols(request.version)) : nil,
            serverName: url.host,
            requiresTrust: request.verifiesCertificate
        )
        let dialogue = HTTPDialogue(request, to: url, on: loop)
        defer { dialogue.close() }
        let report = try await connection.run(dialogue, timeout: timeout, on: loop)
        return EgressResponse(dialogue.response, report, from: address, url)
    }
}

extension EgressResponse {
    fileprivate init(
        _ response: HTTPExchangeResponse,
        _ report: EgressConnection.Report,
        from address: SocketAddress,
        _ url: EgressURL
    ) {
        self.init(
            status: response.status,
            httpVersion: response.version,
            headers: response.fields.all.map(EgressHeader.init),
            body: response.body,
            isBodyCut: response.isBodyCut,
            times: report.times,
            remoteAddress: address.description,
            inspection: report.inspection
        )
        guard (300..<400).contains(status), let location = response.fields["location"], !location.isEmpty else {
            return
        }
        redirect = url.resolving(location) ?? location
    }
}

extension EgressRequest {
    /// Becomes the request that follows a redirect (RFC 9110 section 15.4).
    fileprivate mutating func follow(from old: EgressURL, to new: EgressURL, status: Int) {
        url = new.text
        if status == 303 || (method == "POST" && (status == 301 || status == 302)) {
            if method != "HEAD" { method = "GET" }
            body = nil
        }
        // What was meant for one host is not shown to another, which has addresses of its own.
        guard (old.host, old.port, old.isSecure) != (new.host, new.port, new.isSecure) else { return }
        pinned = nil
        headers.removeAll { ["authorization", "cookie", "host", "proxy-authorization"].contains($0.name.lowercased()) }
    }
}
