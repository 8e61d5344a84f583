import Contracts

/// Which deliveries are under way, and how many more may be: so many to one receiver, so many to all.
struct DeliverySlots: Sendable {
    let total: Int
    let perReceiver: Int
    private(set) var taken: Set<Delivery.Key> = []
    /// Those that came to an end while the round was read, which may show them as they were before.
    private var ended: Set<Delivery.Key> = []

    init(total: Int, perReceiver: Int) {
        self.total = total
        self.perReceiver = perReceiver
    }

    /// To be called before what is due is read.
    mutating func beginRound() {
        ended = []
    }

    /// Whether `key`, as the round read it, may be delivered now; it has a slot then.
    mutating func take(_ key: Delivery.Key) -> Bool {
        guard !ended.contains(key), taken.count < total, count(of: key.receiver) < perReceiver else { return false }
        return taken.insert(key).inserted
    }

    mutating func free(_ key: Delivery.Key) {
        taken.remove(key)
        ended.insert(key)
    }

    private func count(of receiver: ReceiverID) -> Int {
        taken.count { $0.receiver == receiver }
    }
}
