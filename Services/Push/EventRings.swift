import Contracts

/// The newest events of each tenant, as many of all together as fit into a number of bytes.
struct EventRings {
    private let maximumBytes: Int
    private var rings: [TenantID: EventRing] = [:]
    /// Whose event is the oldest, the next, and so on.
    private var order: [TenantID] = []
    private var first = 0
    private var bytes = 0

    init(maximumBytes: Int) { self.maximumBytes = maximumBytes }

    /// The numbers between which a tenant's events are here; `nil` when nothing is known of it.
    func range(of tenant: TenantID) -> (start: Int, end: Int)? { rings[tenant].map { ($0.start, $0.end) } }

    func next(of tenant: TenantID, after number: Int) -> EventRing.Entry? { rings[tenant]?.next(after: number) }

    /// Takes note that a tenant's events up to `number` are not here, unless something is known of it.
    mutating func begin(_ tenant: TenantID, after number: Int) {
        if rings[tenant] == nil { rings[tenant] = EventRing(start: number) }
    }

    /// A tenant's number before which there is nothing here begins with the first event that comes.
    mutating func append(_ entry: EventRing.Entry, of tenant: TenantID) {
        begin(tenant, after: entry.event.cursor - 1)
        guard rings[tenant]?.append(entry) == true else { return }
        order.append(tenant)
        bytes += entry.notification.count
        while bytes > maximumBytes, first < order.count - 1 {
            bytes -= rings[order[first]]?.removeFirst() ?? 0
            first += 1
        }
        guard first > 1_024, first > order.count / 2 else { return }
        order.removeFirst(first)
        first = 0
    }
}
