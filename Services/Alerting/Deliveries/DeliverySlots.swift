import Contracts

/// Which deliveries are under way, and how many more may be: so many to one receiver, so many to all.
struct DeliverySlots: Sendable {
    let total: Int
    let perReceiver: Int
    private(set) var taken: Set<Delivery.Key> = []

    init(total: Int, perReceiver: Int) {
        self.total = total
        self.perReceiver = perReceiver
    }

    /// Whether `key` may be delivered now; it has a slot then.
    mutating func take(_ key: Delivery.Key) -> Bool {
        guard taken.count < total, count(of: key.receiver) < perReceiver else { return false }
        return taken.insert(key).inserted
    }

    mutating func free(_ key: Delivery.Key) {
        taken.remove(key)
    }

    func count(of receiver: ReceiverID) -> Int {
        taken.count { $0.receiver == receiver }
    }
}
