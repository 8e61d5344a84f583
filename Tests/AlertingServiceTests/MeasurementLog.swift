import Contracts
import JSONRPC
import Lifecycle
import Observability
import Synchronization

/// What a store streams: events that are kept, from any cursor on.
final class MeasurementLog: Sendable {
    private let events = Latest<[TenantEvent]>([])
    private let taken = Latest(0)
    private let starts = Latest(())
    private let firstCursor = Mutex(0)
    private let interruptions = Mutex(0)

    func append(_ batch: MeasurementBatch, of tenant: TenantID = .first) {
        let known = events.current.value
        let event = TenantEvent(cursor: known.count + 1, tenant: tenant, number: known.count + 1, batch: batch)
        events.update(known + [event])
    }

    /// Forgets what came up to `cursor`.
    func prune(upTo cursor: Int) {
        firstCursor.withLock { $0 = cursor }
    }

    /// Ends the streams there are; new ones may begin.
    func interrupt() {
        interruptions.withLock { $0 += 1 }
        events.update(events.current.value)
    }

    /// Waits until someone follows.
    func followed() async throws {
        _ = try await starts.next(after: 0)
    }

    /// Waits until someone has been handed the event of this cursor.
    func handedOut(_ cursor: Int) async throws {
        var seen = -1
        while let change = try await taken.next(after: seen), change.value < cursor { seen = change.version }
    }

    var router: RPCRouter {
        var router = RPCRouter(title: "store", log: Log(label: "test", sink: MemorySink()))
        router.handle(.followEvents) { request in
            let start = max(request.cursor ?? self.events.current.value.count, self.firstCursor.withLock { $0 })
            let interruptions = self.interruptions.withLock { $0 }
            return RPCStream(FollowStart(cursor: start)) { writer in
                self.starts.update(())
                var cursor = start
                var seen = -1
                while let change = try await self.events.next(after: seen) {
                    seen = change.version
                    guard interruptions == self.interruptions.withLock({ $0 }) else { return }
                    for event in change.value.dropFirst(cursor) {
                        cursor = event.cursor
                        try await writer.send(event)
                        self.taken.update(cursor)
                    }
                }
            }
        }
        return router
    }
}
