public import Contracts
import Egress
import EventLoop

/// What one run saw of one endpoint.
public struct CheckResult: Sendable {
    /// The row that it will be.
    public var id: UUIDv7
    public var type: CheckType
    /// As in `MeasurementSeries`.
    public var endpoint: String
    public var outcome: ProbeOutcome
}

/// Runs one check from one vantage point, again and again: on each of its endpoints, and more than once before it
/// believes that one of them has begun to fail.
///
/// To be used on the vantage point's loop only.
public final class CheckRunner {
    /// Addresses of a name that are probed, each for itself.
    private static let maximumEndpoints = 16
    /// Addresses that a check may have a series for, ever.
    private static let maximumNames = 64
    private static let defaultConfirmations = 3
    /// From a failed probe to the next one, and how long each of these waits: three of them take three seconds.
    private static let confirmationPause = Duration.milliseconds(200)
    private static let confirmationTimeout = Duration.milliseconds(800)

    private let point: VantagePoint
    private let type: CheckType
    private let target: Result<TargetAddress, EgressError>
    /// Whose addresses the endpoints are; `nil` when it is the system's own server.
    private let host: Result<String?, EgressError>
    private let timeout: Duration
    private let options: CheckOptions
    /// Endpoints whose last outcome was a failure.
    private var failing: Set<String> = []
    /// Addresses that have a series of their own.
    private var names: Set<String> = []

    /// That a check asks for nonsense is an outcome of every run.
    public init(
        _ type: CheckType,
        of address: String,
        timeoutMilliseconds: Int,
        options: CheckOptions,
        from point: VantagePoint
    ) {
        self.point = point
        self.type = type
        let target = Result { () throws(EgressError) in try TargetAddress(address) }
        self.target = target
        host = Result { () throws(EgressError) in try Self.host(of: try target.get(), type, options) }
        timeout = .milliseconds(timeoutMilliseconds)
        self.options = options
    }

    /// Probes every endpoint once, all at the same time, and hands each result to `report` as soon as it is believed.
    public func run(_ report: @escaping (CheckResult) -> Void) async {
        let startedAt = Timestamp.now
        do throws(EgressError) {
            let destinations = try await destinations(of: try target.get(), try host.get())
            guard destinations.count > 1 else {
                return await look(at: destinations[0], report)
            }
            let bound = LoopBound((self, report), on: point.loop)
            await withTaskGroup { group in
                for destination in destinations {
                    group.addTask(executorPreference: point.loop) {
                        let (runner, report) = bound.value
                        await runner.look(at: destination, report)
                    }
                }
            }
        } catch {
            report(
                CheckResult(id: .make(), type: type, endpoint: "", outcome: ProbeOutcome(startedAt: startedAt, error))
            )
        }
    }

    private struct Endpoint: Sendable {
        var name = ""
        var destination: Destination
    }

    private func destinations(
        of target: TargetAddress,
        _ host: String?
    ) async throws(EgressError) -> [Endpoint] {
        guard let host else { return [Endpoint(destination: Destination(host: target.host))] }
        switch options.endpoints ?? .first {
        case .first: return [Endpoint(destination: Destination(host: host))]
        case .ipv4: return [Endpoint(destination: Destination(host: host, family: .v4))]
        case .ipv6: return [Endpoint(destination: Destination(host: host, family: .v6))]
        case .both:
            return [
                Endpoint(name: "ipv4", destination: Destination(host: host, family: .v4)),
                Endpoint(name: "ipv6", destination: Destination(host: host, family: .v6)),
            ]
        case .all:
            let addresses = try await addresses(of: host)
            failing.formIntersection(addresses.map(name))
            return addresses.map { Endpoint(name: name($0), destination: Destination(host: host, pinned: $0)) }
        }
    }

    /// What the series of an address is called: a name whose addresses change all the time does not make one for each.
    private func name(_ address: IPAddress) -> String {
        let name = address.description
        guard !names.contains(name) else { return name }
        guard names.count < Self.maximumNames else { return "other" }
        names.insert(name)
        return name
    }

    /// Of both families, each asked for by itself; one of them may be missing.
    private func addresses(of host: String) async throws(EgressError) -> [IPAddress] {
        var addresses: [IPAddress] = []
        var failure: EgressError?
        for family in [FamilyChoice.v4, .v6] {
            do throws(EgressError) {
                addresses += try await point.gate.addresses(of: host, family: family, timeout: timeout)
            } catch {
                failure = failure ?? error
            }
        }
        if addresses.isEmpty, let failure { throw failure }
        return Array(addresses.prefix(Self.maximumEndpoints))
    }

    private static func host(
        of target: TargetAddress,
        _ type: CheckType,
        _ options: CheckOptions
    ) throws(EgressError) -> String? {
        switch type {
        case .http: if let url = options.url { try EgressURL(url).host } else { target.host }
        case .dns: try options.dnsServer(for: target)?.host
        default: target.host
        }
    }

    private func look(at endpoint: Endpoint, _ report: @escaping (CheckResult) -> Void) async {
        let id = UUIDv7.make()
        var outcome = await probe(endpoint.destination, timeout)
        if outcome.status == .success {
            failing.remove(endpoint.name)
        } else if !failing.contains(endpoint.name) {
            let trace = outcome.isOfTheWay ? startTrace(to: endpoint, cause: id, report) : nil
            outcome = await confirmed(outcome, endpoint)
            if let trace { outcome.metadata.text("trace", trace.description) }
            if outcome.status != .success { failing.insert(endpoint.name) }
        }
        report(CheckResult(id: id, type: type, endpoint: endpoint.name, outcome: outcome))
    }

    /// Has the way to an endpoint traced while that is looked at again; returns the row that this will be.
    private func startTrace(
        to endpoint: Endpoint,
        cause: UUIDv7,
        _ report: @escaping (CheckResult) -> Void
    ) -> UUIDv7? {
        guard options.traceOnFailure ?? true, options.mustNotConnect != true,
            let target = try? target.get(),
            let probe = try? point.failureTrace(of: type, to: target, at: endpoint.destination, options)
        else { return nil }
        let id = UUIDv7.make()
        let request = FailureTracer.Request(
            id: id,
            cause: cause,
            endpoint: endpoint.name,
            probe: probe,
            report: report
        )
        return point.failures.take(request) ? id : nil
    }

    /// Probes again until that succeeds or has failed often enough; counts what was sent and answered all along.
    private func confirmed(_ first: ProbeOutcome, _ endpoint: Endpoint) async -> ProbeOutcome {
        var merged = first
        let attempts =
            first.reason.isTransient && !type.isOfPath ? options.confirmations ?? Self.defaultConfirmations : 0
        var retries = 0
        while retries < attempts, merged.status != .success {
            guard (try? await LoopClock(point.loop).sleep(for: Self.confirmationPause)) != nil else { break }
            merged.take(retry: await probe(endpoint.destination, min(timeout, Self.confirmationTimeout)))
            retries += 1
        }
        if retries > 0 { merged.metadata.integer("retries", retries) }
        return merged
    }

    private func probe(_ destination: Destination, _ timeout: Duration) async -> ProbeOutcome {
        let startedAt = Timestamp.now
        do throws(EgressError) {
            let probe = try point.probe(type, of: try target.get(), at: destination, options)
            let outcome = await probe.run(timeout: timeout)
            return options.mustNotConnect == true ? outcome.inverted : outcome
        } catch {
            return ProbeOutcome(startedAt: startedAt, error)
        }
    }
}

extension ProbeOutcome {
    /// Becomes the outcome of a later try, if that succeeded; what was sent and answered is that of both.
    fileprivate mutating func take(retry: ProbeOutcome) {
        let (sent, received) = (sent + retry.sent, received + retry.received)
        if retry.status == .success {
            let (startedAt, reason) = (startedAt, reason)
            self = retry
            self.startedAt = startedAt
            if let word = reason.name { metadata.text("first_reason", word) }
        }
        (self.sent, self.received) = (sent, received)
    }
}

extension ProbeOutcome {
    /// Whether a trace may tell why it failed: something was sent, and the target has not said no itself.
    fileprivate var isOfTheWay: Bool {
        switch reason {
        case .timeout, .unreachable, .reset: sent > 0
        default: false
        }
    }
}

extension CheckType {
    /// Whether it looks at the way: what is missing there does not become truer by being looked at again at once.
    fileprivate var isOfPath: Bool { self == .trace || self == .mtu }
}

extension FailureReason {
    /// Whether another try a moment later might go otherwise.
    fileprivate var isTransient: Bool {
        switch self {
        case .none, .forbidden, .permission, .certificate, .unexpectedReach: false
        default: true
        }
    }
}
