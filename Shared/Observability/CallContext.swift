import CLinux

/// What travels with a call: the trace it is part of, when it must be answered, and on whose behalf it is made.
///
/// The task that runs a handler carries the context of its call, so that logs and outgoing calls find it. Carried by
/// reference: it goes through many hands.
public final class CallContext: Sendable {
    @TaskLocal public static var ofTask: CallContext?

    public let trace: TraceContext
    /// When it began here.
    public let start: ContinuousClock.Instant
    /// When nobody waits for the answer any more; `nil`: no limit.
    public let deadline: ContinuousClock.Instant?
    /// The name of the service that called, as its certificate says; `nil` when there is no such peer.
    public let peer: String?
    /// Its whole identity, which tells apart those that go by the same name.
    public let peerIdentity: String?
    /// The access token of the person on whose behalf the call is made.
    public let token: BearerToken?
    /// Who that is, as a check of the token here found; `nil` for what a service calls on its own behalf.
    public let principal: (any Sendable)?

    /// The network address that the call came from, without its port.
    public let address: String?

    /// The context of the call that this code is part of.
    public static var current: CallContext? {
        guard let pointer = unsafe clinux_thread_pointer() else { return ofTask }
        return unsafe Unmanaged<CallContext>.fromOpaque(pointer).takeUnretainedValue()
    }

    /// Makes this context the current one while `body` runs.
    ///
    /// Where no task runs, binding a task's value costs two allocations, which this does not. It goes before whatever
    /// the task has; `body` cannot await, so no other task ever sees it.
    @inlinable
    public func run<Result>(_ body: () throws -> Result) rethrows -> Result {
        let outer = unsafe Self.exchange(Unmanaged.passUnretained(self).toOpaque())
        defer { withExtendedLifetime(self) { _ = unsafe Self.exchange(outer) } }
        return try body()
    }

    @usableFromInline
    static func exchange(_ pointer: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
        let outer = unsafe clinux_thread_pointer()
        unsafe clinux_set_thread_pointer(pointer)
        return unsafe outer
    }

    public init(
        trace: TraceContext,
        start: ContinuousClock.Instant = .now,
        timeout: Duration? = nil,
        peer: String? = nil,
        peerIdentity: String? = nil,
        token: BearerToken? = nil,
        principal: (any Sendable)? = nil,
        address: String? = nil
    ) {
        self.trace = trace
        self.start = start
        deadline = timeout.map { start.advanced(by: $0) }
        self.peer = peer
        self.peerIdentity = peerIdentity
        self.token = token
        self.principal = principal
        self.address = address
    }

    private init(_ other: CallContext, principal: any Sendable) {
        trace = other.trace
        start = other.start
        deadline = other.deadline
        peer = other.peer
        peerIdentity = other.peerIdentity
        token = other.token
        self.principal = principal
        address = other.address
    }

    /// The same call, now that it is known for whom it is made.
    public func made(for principal: any Sendable) -> CallContext {
        CallContext(self, principal: principal)
    }
}

/// An access token as it came; it cannot be printed.
public struct BearerToken: Sendable, Hashable, CustomStringConvertible, CustomReflectable {
    public let exposed: String

    public init(_ text: String) {
        exposed = text
    }

    public var description: String { "<token>" }
    public var customMirror: Mirror { Mirror(reflecting: description) }
}
