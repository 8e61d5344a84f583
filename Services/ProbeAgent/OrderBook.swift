import Contracts

/// Knows which orders to run a check at once were obeyed; each is once.
struct OrderBook: Sendable {
    private var seen: Set<RunID> = []
    /// Those that the check has run for, where it runs at no other time.
    private var spent: Set<RunID> = []

    /// Takes note of the orders there are, and returns the checks that are to run at once.
    ///
    /// Where agents share a target's rate, they wait for their slots.
    mutating func take(_ assignments: [Assignment]) -> [CheckID] {
        let known = seen
        seen = Set(assignments.compactMap(\.order?.id))
        spent.formIntersection(seen)
        return assignments.filter { assignment in
            guard let order = assignment.order, assignment.pacing == nil else { return false }
            return !known.contains(order.id)
        }
        .map(\.check.id)
    }

    /// Lets the orders that there are go by.
    mutating func skip() {
        spent = seen
    }

    /// Whether a check may run now that it is due.
    mutating func allow(_ assignment: Assignment) -> Bool {
        guard let order = assignment.order, order.isOnly else { return true }
        return spent.insert(order.id).inserted
    }
}

extension Assignment {
    /// The same for the check that is run, whoever wants it to run.
    var unordered: Assignment {
        var assignment = self
        assignment.order = nil
        return assignment
    }
}
