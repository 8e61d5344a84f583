import Testing

@testable import Probing

@Suite("EchoTable")
struct EchoTableTests {
    @Test("recognises a reply by sequence number, cookie and address together")
    func match() throws {
        var table = EchoTable(capacity: 8)
        let index = try #require(insert(low: 7, into: &table))
        let slot = table.slots[index]
        func match(sequence: UInt16, cookie: UInt64, low: UInt64) -> EchoTable.Match {
            table.matchReply(sequence: sequence, cookie: cookie, high: 0, low: low)
        }
        #expect(match(sequence: slot.sequence, cookie: slot.cookie, low: 7) == .waiting(slot: index))
        #expect(match(sequence: slot.sequence &+ 1, cookie: slot.cookie, low: 7) == .stranger)
        #expect(match(sequence: slot.sequence, cookie: slot.cookie ^ 1, low: 7) == .stranger)
        #expect(match(sequence: slot.sequence, cookie: slot.cookie, low: 8) == .stranger)
    }

    @Test("tells a second reply from one that comes too late")
    func duplicateAndLate() throws {
        var table = EchoTable(capacity: 8)
        let first = try #require(insert(low: 1, into: &table))
        let second = try #require(insert(low: 2, into: &table))
        table.finish(first, answered: true)
        table.finish(second, answered: false)
        func match(_ index: Int) -> EchoTable.Match {
            let slot = table.slots[index]
            return table.matchReply(sequence: slot.sequence, cookie: slot.cookie, high: slot.high, low: slot.low)
        }
        #expect(match(first) == .duplicate)
        #expect(match(second) == .late)
    }

    @Test("takes no more than its capacity, and goes on when a slot is given back")
    func full() {
        var table = EchoTable(capacity: 8)
        for low in UInt64(0)..<8 { #expect(insert(low: low, into: &table) != nil) }
        #expect(insert(low: 9, into: &table) == nil)
        table.finish(3, answered: false)
        #expect(table.waitingCount == 7)
        #expect(insert(low: 9, into: &table) == 3)
    }

    @Test("uses a sequence number again only after all the others")
    func sequenceNumbers() throws {
        var table = EchoTable(capacity: 8)
        var seen: Set<UInt16> = []
        for _ in 0..<65_536 {
            let index = try #require(insert(low: 1, into: &table))
            seen.insert(table.slots[index].sequence)
            table.finish(index, answered: true)
        }
        #expect(seen.count == 65_536)
    }

    @Test("believes a departure time only for the request it belongs to")
    func departure() throws {
        var table = EchoTable(capacity: 8)
        let index = try #require(insert(low: 1, into: &table))
        table.sent(index, key: 5, monotonic: 10, realtime: 1_000)
        table.left(key: 5 + 16, atRealtime: 1_001)
        table.left(key: 5, atRealtime: 999)
        #expect(table.slots[index].leftRealtime == 0)
        table.left(key: 5, atRealtime: 1_002)
        #expect(table.slots[index].leftRealtime == 1_002)
    }

    @Test("gives the exact time when it can, and says which one it gave when it cannot")
    func timeSources() {
        var slot = EchoTable.Slot(sequence: 1, sentMonotonic: 100, sentRealtime: 5_000, leftRealtime: 5_010)
        #expect(EchoReply(slot, receivedMonotonic: 190, arrivedRealtime: 5_070) == reply(60, .kernel))
        slot.leftRealtime = 0
        #expect(EchoReply(slot, receivedMonotonic: 190, arrivedRealtime: 5_070) == reply(70, .kernelReceive))
        #expect(EchoReply(slot, receivedMonotonic: 190, arrivedRealtime: 0) == reply(90, .user))
    }

    @Test("does not believe the wall clock when it was set during the round trip", arguments: [-1, 1])
    func clockSet(hours: Int) {
        let slot = EchoTable.Slot(
            sequence: 1,
            sentMonotonic: 100,
            sentRealtime: 9_000_000_000_000_000,
            leftRealtime: 9_000_000_000_000_000
        )
        let arrived = UInt64(9_000_000_000_000_000 + hours * 3_600_000_000_000)
        let reply = EchoReply(slot, receivedMonotonic: 400, arrivedRealtime: arrived)
        #expect(reply.roundTripNanoseconds == 300)
        #expect(reply.timeSource == .user)
    }

    private func reply(_ nanoseconds: UInt64, _ source: TimeSource) -> EchoReply {
        EchoReply(roundTripNanoseconds: nanoseconds, timeSource: source, sentAtMicroseconds: 5)
    }

    private func insert(low: UInt64, into table: inout EchoTable) -> Int? {
        table.insert(high: 0, low: low, scope: 0, payloadBytes: 56)
    }
}
