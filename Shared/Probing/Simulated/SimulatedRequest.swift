import Contracts
import Egress
import EventLoop
import Simulation

/// One HTTP request, and those that redirects make of it.
struct SimulatedRequest: SimulatedProbe {
    private let point: SimulatedPoint
    private let check: HTTPCheck

    /// Throws `resolve` when no node has the URL's host.
    init(_ point: SimulatedPoint, of target: TargetAddress, _ options: CheckOptions) throws(EgressError) {
        self.point = point
        let family = options.family
        let destination = Destination(host: target.host, family: family)
        check = try HTTPCheck(of: target, at: destination, options, ProbeSecrets())
        let url = try EgressURL(check.url)
        guard url.isSecure || options.httpVersion.map({ $0.rawValue != "2" }) ?? true else {
            throw EgressError(.badRequest, "HTTP/2 without TLS needs a kernel; try sonde sim run")
        }
        _ = try point.address(of: url.host, family: family)
    }

    func run(_ look: SimulatedLook, _ done: @escaping (ProbeOutcome) -> Void) {
        do throws(EgressError) {
            try step(RedirectCourse(check.request(look.timeout)), look, since: point.network.now, done)
        } catch {
            done(check.outcome(of: error, startedAt: look.startedAt))
        }
    }

    /// Sends the request that a course has come to.
    private func step(
        _ course: RedirectCourse,
        _ look: SimulatedLook,
        since begin: UInt64,
        _ done: @escaping (ProbeOutcome) -> Void
    ) throws(EgressError) {
        let (request, url) = (course.request, course.url)
        let left = look.timeout - .nanoseconds(Int64(point.network.now - begin))
        guard left > .zero else { throw EgressError(.timeout, "redirects took all the time there was") }
        let address = try point.address(of: url.host, family: request.family)
        let transfer = HTTPTransfer(
            request,
            url,
            to: address,
            context: url.isSecure ? try point.context(protocols: HTTPTransfer.protocols(request.version)) : nil,
            time: point.second,
            on: nil
        )
        let phases = try transfer.phases { [network = point.network] in network.now }
        let remote = SocketAddress(address, port: url.port)
        SimulatedDialogue.run(phases, with: remote, from: point.vantage, timeout: left) { result in
            defer { transfer.close() }
            do throws(EgressError) {
                var course = course
                var response = transfer.response(try result.get())
                guard try course.follows(&response) else {
                    response.times.total = Int((point.network.now - begin) / 1_000)
                    return done(check.outcome(of: response, startedAt: look.startedAt))
                }
                try step(course, look, since: begin, done)
            } catch {
                done(check.outcome(of: error, startedAt: look.startedAt))
            }
        }
    }
}
