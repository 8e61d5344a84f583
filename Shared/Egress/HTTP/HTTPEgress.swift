import EventLoop

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
        var course = try RedirectCourse(request)
        // Reading the authorities takes milliseconds now and then, which are none of the target's.
        if course.url.isSecure { _ = try trust.context(protocols: HTTPTransfer.protocols(request.version)) }
        let clock = LoopClock(loop)
        let start = clock.now
        while true {
            let left = request.timeout - start.duration(to: clock.now)
            var response = try await performOnce(course.request, course.url, timeout: left)
            guard try course.follows(&response) else {
                response.times.total = Int(start.duration(to: clock.now).inNanoseconds / 1_000)
                return response
            }
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
        let transfer = HTTPTransfer(
            request,
            url,
            to: address,
            context: url.isSecure ? try trust.context(protocols: HTTPTransfer.protocols(request.version)) : nil,
            on: loop
        )
        defer { transfer.close() }
        let report = try await transfer.connection.run(transfer.dialogue, timeout: timeout, on: loop)
        return transfer.response(report)
    }
}
