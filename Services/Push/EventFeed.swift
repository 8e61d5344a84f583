import Contracts
import EventLoop
import JSON
import JSONRPC
import Lifecycle
import Observability
import Synchronization

/// Follows the store once for all clients, and keeps what came lately.
final class EventFeed: Service {
    private let store: RPCClient
    private let clock: LoopClock
    private let log: Log
    private let maximumBytes: Int
    private let rings: Mutex<EventRings?> = Mutex(nil)
    /// The cursor of the newest event of all.
    private let newest: Mutex<Int?> = Mutex(nil)
    /// Gets a new value with each event of a tenant; of tenants that somebody waits for.
    private let arrivals = Mutex<[TenantID: Latest<Void>]>([:])

    init(_ store: RPCClient, historyBytes: Int, on loop: EventLoop, log: Log) {
        self.store = store
        maximumBytes = historyBytes
        clock = LoopClock(loop)
        self.log = log
    }

    /// Whether the store has been reached at least once.
    var isReady: Bool { rings.withLock { $0 != nil } }

    /// The cursors between which a tenant's events are here.
    ///
    /// Asks the store for a tenant of whom nothing came yet; throws `unavailable` when it cannot be reached.
    func range(of tenant: TenantID) async throws -> (start: Int, end: Int) {
        if let range = known(tenant) { return range }
        guard isReady else { throw Self.unavailable }
        let newest = try await follow(tenant, after: nil).result.cursor
        rings.withLock { $0?.begin(tenant, after: newest) }
        guard let range = known(tenant) else { throw Self.unavailable }
        return range
    }

    private static let unavailable = RPCError(
        .unavailable,
        "the store cannot be reached",
        data: ["retry_after_ms": 1_000]
    )

    /// The same, without asking; `nil` when nothing is known of the tenant.
    func known(_ tenant: TenantID) -> (start: Int, end: Int)? { rings.withLock { $0?.range(of: tenant) } }

    func next(of tenant: TenantID, after cursor: Int) -> EventRing.Entry? {
        rings.withLock { $0?.next(of: tenant, after: cursor) }
    }

    /// Changes when a tenant has a new event, or may have.
    func arrivals(of tenant: TenantID) -> Latest<Void> {
        arrivals.withLock { arrivals in
            let own = arrivals[tenant] ?? Latest(())
            arrivals[tenant] = own
            return own
        }
    }

    /// Follows a tenant's events from `cursor` on, for a client that comes back later than its ring remembers.
    func follow(
        _ tenant: TenantID,
        after cursor: Int?
    ) async throws -> RPCSubscription<FollowStart, TenantEvent> {
        try await store.follow(.followEvents, EventRequest(tenant: tenant, cursor: cursor))
    }

    func run() async throws {
        var hasFailed = false
        while !Task.isCancelled {
            let before = newest.withLock { $0 }
            do {
                try await followOnce()
            } catch is CancellationError {
                break
            } catch {
                // One line for each time that it breaks, not for each try to mend it.
                if !hasFailed || newest.withLock({ $0 }) != before {
                    log.warning("the store's stream broke", ["error": "\(error)"])
                }
                hasFailed = true
            }
            try? await clock.sleep(for: .milliseconds(200))
        }
        for own in arrivals.withLock({ $0.values }) { own.finish() }
    }

    private func followOnce() async throws {
        let before = newest.withLock { $0 }
        let subscription = try await store.follow(.followEvents, EventRequest(cursor: before))
        // Rows between the two are gone from the store's log: rings with holes in them would hide that.
        if before != subscription.result.cursor {
            rings.withLock { $0 = EventRings(maximumBytes: maximumBytes) }
            newest.withLock { $0 = subscription.result.cursor }
        }
        for own in arrivals.withLock({ $0.values }) { own.update(()) }
        while let event = try await subscription.next() {
            let own = MeasurementEvent(cursor: event.number, batch: event.batch)
            let entry = EventRing.Entry(event: own, notification: Self.notification(own))
            rings.withLock { $0?.append(entry, of: event.tenant) }
            newest.withLock { $0 = event.cursor }
            arrivals.withLock { $0[event.tenant] }?.update(())
        }
    }

    static func notification(_ event: MeasurementEvent) -> [UInt8] {
        var writer = JSONWriter(capacity: 512 + event.batch.count * 160)
        writer.beginObject()
        writer.key("jsonrpc")
        writer.raw("\"2.0\"")
        writer.key("method")
        writer.string(StreamNotification.measurements.description)
        writer.key("params")
        event.write(to: &writer)
        writer.endObject()
        return writer.bytes
    }
}
