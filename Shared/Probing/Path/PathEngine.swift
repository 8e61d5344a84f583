import CLinux
import Contracts
public import EventLoop
import Glibc

/// Traces paths from one loop with sockets that need no capability.
///
/// Every flow of a trace has a socket of its own while the trace lasts. To be used on the loop's thread only, and closed
/// there.
public final class PathEngine {
    public let loop: EventLoop
    private static let maximumRoutes = 4_096

    private let maximumTraces: Int
    /// Of a quoted packet no more is looked at.
    let buffer = TimedSocket.Buffer(stride: 64)
    private var traces: [ObjectIdentifier: KernelTrace] = [:]
    private var claims: Set<TraceClaim> = []
    /// What earlier traces have found.
    private var routes: [RouteKey: Route] = [:]

    /// `maximumTraces` bounds the traces under way; each has as many sockets as flows.
    public init(on loop: EventLoop, maximumTraces: Int = 1_024) {
        self.loop = loop
        self.maximumTraces = maximumTraces
    }

    /// Ends every trace under way.
    public func close() {
        for trace in traces.values { trace.cancel() }
    }

    public var underWay: Int { traces.count }

    /// Traces the way to an address; a trace that is cancelled ends with what it knows.
    ///
    /// Throws `ProbingError` with `permission` when ICMP is not allowed, and with `system` when the kernel refuses, as
    /// it does for an address without a route.
    public func trace(_ target: IPAddress, _ options: TraceOptions) async throws(ProbingError) -> PathTrace {
        guard traces.count < maximumTraces else { throw ProbingError(.system, "too many traces are under way") }
        let result: Result<PathTrace, ProbingError> = await Completion.value(on: loop) { completion in
            do throws(ProbingError) {
                let trace = try KernelTrace(to: target, options, self, completion)
                traces[ObjectIdentifier(trace)] = trace
                completion.onCancel = { trace.cancel() }
                trace.advance()
            } catch {
                completion.finish(.failure(error))
            }
        }
        return try result.get()
    }

    func finished(_ trace: KernelTrace) {
        traces[ObjectIdentifier(trace)] = nil
    }

    /// Takes a flow's packets for one trace; `false` while another has them.
    func claim(_ claim: TraceClaim) -> Bool { claims.insert(claim).inserted }

    func release(_ claim: TraceClaim) { claims.remove(claim) }

    /// Traces as `trace` does, knows how far it was to the target the last time, and tells which ways have changed since.
    public func follow(
        _ target: IPAddress,
        _ options: TraceOptions
    ) async throws(ProbingError) -> (trace: PathTrace, changes: [RouteMemory.Change]) {
        let key = RouteKey(target: target, options: options)
        var options = options
        options.expectedHops = routes[key]?.hops ?? 0
        let trace = try await trace(target, options)
        if routes[key] == nil, routes.count >= Self.maximumRoutes, let one = routes.keys.first {
            routes[one] = nil
        }
        var route = routes[key] ?? Route()
        if trace.isReached { route.hops = trace.hopsToTarget }
        let changes = route.memory.learn(trace)
        routes[key] = route
        return (trace, changes)
    }
}

/// What makes a trace's flows, and so its ways.
private struct RouteKey: Hashable {
    var target: IPAddress
    var mode: TraceMode
    var port: UInt16?
    var dscp: Int
    var seed: UInt64

    init(target: IPAddress, options: TraceOptions) {
        self.target = target
        (mode, port, dscp, seed) = (options.mode, options.port, options.dscp, options.seed)
    }
}

private struct Route {
    var hops = 0
    var memory = RouteMemory()
}

/// What no two traces may have at a time, since answers to both would be alike.
struct TraceClaim: Hashable {
    var target: IPAddress
    var mode: TraceMode
    var port: UInt16
}

extension ProbingError {
    /// Why a socket for a trace could not be had.
    init(_ error: SystemError, _ what: String) {
        let isForbidden = error.code == EACCES || error.code == EPERM
        self.init(
            isForbidden ? .permission : .system,
            isForbidden ? "\(what) needs the sysctl net.ipv4.ping_group_range to include this group" : what,
            cause: error
        )
    }
}
