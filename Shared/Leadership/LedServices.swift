public import Database
import Foundation
public import Lifecycle
public import Observability
import Synchronization

/// Services that run in one process at a time, of all that have the same database.
///
/// They are made when this process begins to lead. When it leads no more they end, and with them the process: it comes
/// back as one that stands by.
public final class LedServices: Service {
    private enum State {
        case standingBy
        case leading(Term, [any Service])
        case drained
    }

    private let leadership: Leadership
    private let make: @Sendable (any Database) async throws -> [any Service]
    private let state = Mutex(State.standingBy)
    private let log: Log

    /// `make` gets the database, whose writes are refused once another process leads, and returns what is to run, in the
    /// order of its start.
    public init(
        _ leadership: Leadership,
        metrics: Metrics,
        log: Log,
        make: @escaping @Sendable (any Database) async throws -> [any Service]
    ) {
        self.leadership = leadership
        self.make = make
        self.log = log
        metrics.gauge("sonde_leader", "Whether this process leads those that share a database.") { [weak self] in
            self?.isLeading == true ? 1 : 0
        }
    }

    /// The same for what is led by this name; the holder is this host.
    public convenience init(
        of name: String,
        in database: any Database,
        signs: any Database,
        lease: Duration,
        clock: any Clock<Duration>,
        metrics: Metrics,
        log: Log,
        make: @escaping @Sendable (any Database) async throws -> [any Service]
    ) {
        let holder = ProcessInfo.processInfo.hostName
        let leadership = Leadership(
            of: name,
            in: database,
            signs: signs,
            holder: holder,
            lease: lease,
            clock: clock,
            log: log
        )
        self.init(leadership, metrics: metrics, log: log, make: make)
    }

    public var isLeading: Bool {
        state.withLock { if case .leading = $0 { true } else { false } }
    }

    public func run() async throws {
        let term = try await leadership.campaign()
        log.info("leads", ["term": "\(term.number)"])
        try await withThrowingTaskGroup(of: Void.self) { group in
            // From now on: what is made may take long, and the others would take it for dead.
            group.addTask { try await term.hold() }
            group.addTask { try await self.lead(term) }
            defer { group.cancelAll() }
            try await group.next()
        }
    }

    private func lead(_ term: Term) async throws {
        let services = try await make(term.database)
        let mayRun = state.withLock { state in
            guard case .standingBy = state else { return false }
            state = .leading(term, services)
            return true
        }
        guard mayRun else { return await term.resign() }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for service in services { group.addTask { try await service.run() } }
            defer { group.cancelAll() }
            try await group.next()
        }
    }

    public func drain() async {
        let before = state.withLock { state in
            defer { state = .drained }
            return state
        }
        guard case .leading(let term, let services) = before else { return }
        for service in services.reversed() { await service.drain() }
        await term.resign()
    }
}
