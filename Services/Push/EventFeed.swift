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
    private let ring: Mutex<EventRing?> = Mutex(nil)
    private let ends = Latest(0)

    init(_ store: RPCClient, historyBytes: Int, on loop: EventLoop, log: Log) {
        self.store = store
        maximumBytes = historyBytes
        clock = LoopClock(loop)
        self.log = log
    }

    /// Whether the store has been reached at least once.
    var isReady: Bool { ring.withLock { $0 != nil } }

    /// The cursors between which events are here; `nil` before the store was reached.
    var range: (start: Int, end: Int)? {
        ring.withLock { ring in ring.map { ($0.start, $0.end) } }
    }

    func next(after cursor: Int) -> EventRing.Entry? {
        ring.withLock { $0?.next(after: cursor) }
    }

    /// Waits until there is something newer than `version`; returns the version to wait for next.
    func change(after version: Int) async throws -> Int? {
        try await ends.next(after: version)?.version
    }

    var version: Int { ends.current.version }

    /// Follows from `cursor` on, for a client that comes back later than the ring remembers.
    func follow(after cursor: Int) async throws -> RPCSubscription<FollowStart, MeasurementEvent> {
        try await store.follow(.followMeasurements, FollowRequest(cursor: cursor))
    }

    func run() async throws {
        var hasFailed = false
        while !Task.isCancelled {
            let before = version
            do {
                try await followOnce()
            } catch is CancellationError {
                break
            } catch {
                // One line for each time that it breaks, not for each try to mend it.
                if !hasFailed || version != before { log.warning("the store's stream broke", ["error": "\(error)"]) }
                hasFailed = true
            }
            try? await clock.sleep(for: .milliseconds(200))
        }
        ends.finish()
    }

    private func followOnce() async throws {
        let request = FollowRequest(cursor: ring.withLock { $0?.end })
        let subscription = try await store.follow(.followMeasurements, request)
        ring.withLock { ring in
            // Rows between the two are gone from the store's log: a ring with a hole in it would hide that.
            let isWhole = ring.map { $0.end == subscription.result.cursor } ?? false
            if !isWhole { ring = EventRing(maximumBytes: maximumBytes, start: subscription.result.cursor) }
        }
        ends.update(subscription.result.cursor)
        while let event = try await subscription.next() {
            let entry = EventRing.Entry(event: event, notification: Self.notification(event))
            ring.withLock { $0?.append(entry) }
            ends.update(event.cursor)
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
