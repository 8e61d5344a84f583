import Contracts

/// Gaps that the store has not been told of, or not in full.
///
/// Rows that go one after another make one gap, which keeps its id while it grows: so it may be reported at any time
/// and again.
struct GapLedger: Codable, Equatable, Sendable {
    struct Entry: Codable, Equatable, Sendable {
        var id: GapID
        var from: Timestamp
        var to: Timestamp
        var rows: Int
        var cause: Gap.Cause
    }

    /// Gaps of a cause that are no further apart than this are one.
    private static let nearness = Duration.seconds(60)
    /// More than these become part of the newest of their cause.
    private static let limit = 64

    private(set) var entries: [Entry] = []

    /// Returns whether it is a gap of its own.
    mutating func add(_ lost: LostRows, _ cause: Gap.Cause) -> Bool {
        if let index = entries.lastIndex(where: { $0.cause == cause }),
            entries[index].isNear(lost, Self.nearness) || entries.count >= Self.limit
        {
            entries[index].from = min(entries[index].from, lost.from)
            entries[index].to = max(entries[index].to, lost.to)
            entries[index].rows += lost.rows
            return false
        }
        let (from, to) = (min(lost.from, lost.to), max(lost.from, lost.to))
        entries.append(Entry(id: .make(), from: from, to: to, rows: lost.rows, cause: cause))
        return true
    }

    /// Takes over a gap of an earlier ledger.
    mutating func resume(_ entry: Entry) {
        if !entries.contains(where: { $0.id == entry.id }) { entries.append(entry) }
    }

    /// Forgets a gap that the store knows, unless it has grown since it was reported.
    mutating func settle(_ reported: Entry) {
        entries.removeAll { $0 == reported }
    }
}

extension GapLedger.Entry {
    fileprivate func isNear(_ lost: LostRows, _ distance: Duration) -> Bool {
        lost.from <= to.advanced(by: distance) && from <= lost.to.advanced(by: distance)
    }

    func gap(of agent: AgentID) -> Gap {
        Gap(id: id, agentID: agent, from: from, to: to, rows: rows, cause: cause)
    }
}
