import Contracts

/// A binary heap of the slots to come, earliest first.
struct SlotQueue {
    struct Slot {
        var microseconds: Int64
        var check: CheckID
        /// Of the entry that made it; a slot of an older one is void.
        var generation: Int
    }

    private var slots: [Slot] = []

    var first: Slot? { slots.first }

    mutating func insert(_ slot: Slot) {
        slots.append(slot)
        var child = slots.count - 1
        while child > 0, slots[child].microseconds < slots[(child - 1) / 2].microseconds {
            slots.swapAt(child, (child - 1) / 2)
            child = (child - 1) / 2
        }
    }

    mutating func removeFirst() {
        slots.swapAt(0, slots.count - 1)
        slots.removeLast()
        var parent = 0
        while true {
            let children = (2 * parent + 1)..<min(2 * parent + 3, max(2 * parent + 1, slots.count))
            guard let least = children.min(by: { slots[$0].microseconds < slots[$1].microseconds }),
                slots[least].microseconds < slots[parent].microseconds
            else { return }
            slots.swapAt(least, parent)
            parent = least
        }
    }

    mutating func removeAll() {
        slots.removeAll(keepingCapacity: true)
    }
}
