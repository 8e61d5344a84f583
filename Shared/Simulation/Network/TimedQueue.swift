/// Hands out what was pushed by its time, and what has the same time in the order in which it came (a binary heap).
struct TimedQueue<Element> {
    private struct Entry {
        var time: UInt64
        var order: UInt64
        var element: Element

        static func < (left: Self, right: Self) -> Bool {
            left.time != right.time ? left.time < right.time : left.order < right.order
        }
    }

    private var heap: [Entry] = []
    private var count: UInt64 = 0

    var nextTime: UInt64? { heap.first?.time }

    mutating func push(_ element: Element, at time: UInt64) {
        heap.append(Entry(time: time, order: count, element: element))
        count += 1
        var child = heap.count - 1
        while child > 0, heap[child] < heap[(child - 1) / 2] {
            heap.swapAt(child, (child - 1) / 2)
            child = (child - 1) / 2
        }
    }

    mutating func pop() -> (element: Element, time: UInt64)? {
        guard let last = heap.popLast() else { return nil }
        guard let first = heap.first else { return (last.element, last.time) }
        heap[0] = last
        var parent = 0
        while true {
            var least = parent
            for child in [2 * parent + 1, 2 * parent + 2] where child < heap.count && heap[child] < heap[least] {
                least = child
            }
            guard least != parent else { break }
            heap.swapAt(parent, least)
            parent = least
        }
        return (first.element, first.time)
    }
}
