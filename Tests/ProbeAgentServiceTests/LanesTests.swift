import Contracts
import Testing

@testable import ProbeAgentService

@Suite("Lanes")
struct LanesTests {
    private let start = ContinuousClock.now

    private func lanes(waiting: [Range<Int>], head: Int) -> Lanes {
        Lanes(waiting: waiting, head: head, liveRows: 100, patience: .seconds(10), now: start)
    }

    private func next(
        _ lane: Lane,
        of lanes: inout Lanes,
        head: Int,
        now: ContinuousClock.Instant
    ) -> Range<Int>? {
        lanes.next(lane, head: head, now: now)
    }

    private func after(_ seconds: Int) -> ContinuousClock.Instant { start.advanced(by: .seconds(seconds)) }

    @Test("are one as long as the store keeps up")
    func live() {
        var lanes = lanes(waiting: [], head: 5)
        for second in 0..<60 {
            let head = 5 + 10 * (second + 1)
            lanes.willAppend(head: head - 10, now: after(second))
            #expect(next(.live, of: &lanes, head: head, now: after(second)) == head - 10..<head)
            #expect(next(.backlog, of: &lanes, head: head, now: after(second)) == nil)
            lanes.take(head - 10..<head, .live, head: head, now: after(second))
            #expect(next(.live, of: &lanes, head: head, now: after(second)) == nil)
        }
    }

    @Test("part when rows have waited for too long: new ones go at once, old ones beside them, oldest first")
    func away() {
        var lanes = lanes(waiting: [], head: 0)
        #expect(next(.live, of: &lanes, head: 50, now: after(9)) == 0..<50)
        lanes.take(0..<10, .live, head: 50, now: after(9))
        #expect(next(.live, of: &lanes, head: 500, now: after(11)) == nil)
        #expect(next(.backlog, of: &lanes, head: 500, now: after(11)) == 10..<500)
        lanes.take(10..<100, .backlog, head: 510, now: after(12))
        #expect(next(.live, of: &lanes, head: 510, now: after(12)) == 500..<510)
        #expect(next(.backlog, of: &lanes, head: 510, now: after(12)) == 100..<500)
        // The store goes away once more before the backlog is sent.
        #expect(next(.live, of: &lanes, head: 900, now: after(40)) == nil)
        #expect(next(.backlog, of: &lanes, head: 900, now: after(40)) == 100..<900)
    }

    @Test("do not part because nothing came for long")
    func idle() {
        var lanes = lanes(waiting: [], head: 0)
        lanes.willAppend(head: 0, now: after(3_600))
        #expect(next(.live, of: &lanes, head: 10, now: after(3_601)) == 0..<10)
        // More rows behind those that wait do not make them younger.
        lanes.willAppend(head: 10, now: after(3_609))
        #expect(next(.live, of: &lanes, head: 20, now: after(3_611)) == nil)
        #expect(next(.backlog, of: &lanes, head: 20, now: after(3_611)) == 0..<20)
    }

    @Test("begin as one when little waits, and part when much does")
    func restart() {
        var short = lanes(waiting: [3..<50, 60..<80], head: 80)
        #expect(next(.live, of: &short, head: 90, now: start) == 3..<90)
        #expect(next(.backlog, of: &short, head: 90, now: start) == nil)
        var long = lanes(waiting: [3..<50, 60..<200], head: 200)
        #expect(next(.live, of: &long, head: 210, now: start) == 200..<210)
        #expect(next(.backlog, of: &long, head: 210, now: start) == 3..<50)
    }
}

@Suite("GapLedger")
struct GapLedgerTests {
    private func lost(_ rows: Int, _ from: Int, _ to: Int) -> LostRows {
        LostRows(rows: rows, from: Rows.time(from), to: Rows.time(to))
    }

    private func add(_ lost: LostRows, _ cause: Gap.Cause, to ledger: inout GapLedger) -> Bool {
        ledger.add(lost, cause)
    }

    @Test("makes one gap of what goes one after another, and another of what has another cause or time")
    func add() {
        var ledger = GapLedger()
        #expect(add(lost(5, 0, 10), .spoolFull, to: &ledger))
        #expect(!add(lost(7, 11, 20), .spoolFull, to: &ledger))
        #expect(add(lost(1, 12, 13), .corrupt, to: &ledger))
        #expect(add(lost(2, 1_000, 1_001), .spoolFull, to: &ledger))
        #expect(ledger.entries.map(\.rows) == [12, 1, 2])
        #expect(ledger.entries[0].from == Rows.time(0))
        #expect(ledger.entries[0].to == Rows.time(20))
        #expect(Set(ledger.entries.map(\.id)).count == 3)
    }

    @Test("keeps a gap that has grown since it was reported, under its name")
    func settle() {
        var ledger = GapLedger()
        _ = ledger.add(lost(5, 0, 10), .spoolFull)
        let reported = ledger.entries[0]
        _ = ledger.add(lost(5, 10, 20), .spoolFull)
        ledger.settle(reported)
        #expect(ledger.entries.map(\.id) == [reported.id])
        #expect(ledger.entries.map(\.rows) == [10])
        ledger.settle(ledger.entries[0])
        #expect(ledger.entries.isEmpty)
    }

    @Test("stays small, and counts everything")
    func bounded() {
        var ledger = GapLedger()
        for number in 0..<1_000 { _ = ledger.add(lost(1, number * 1_000, number * 1_000), .corrupt) }
        #expect(ledger.entries.count == 64)
        #expect(ledger.entries.reduce(0) { $0 + $1.rows } == 1_000)
    }
}
