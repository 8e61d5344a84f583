import Testing

@testable import Probing

@Suite("A series of datagrams")
struct SeriesTests {
    @Test("tells order, copies and strangers apart (RFC 4737)")
    func tally() {
        var tally = SeriesTally(count: 70)
        let arrivals = [0, 2, 1, 69, 3, 3, 69, 70, -1, 68].map { tally.take($0) }
        #expect(arrivals.map { $0 == .copy } == [false, false, false, false, false, true, true, false, false, false])
        #expect((tally.received, tally.duplicates, tally.reordered, tally.strangers) == (6, 2, 3, 2))
        #expect(tally.greatest == 69)
    }

    @Test("knows its own echoes alone")
    func echoes() {
        let form = EchoForm(payloadBytes: 5)
        var data: [UInt8] = []
        form.append(0x0102_0304, at: 0, to: &data)
        #expect(data.count == form.bytes)
        #expect(form.number(of: data[...]) == 0x0102_0304)
        #expect(form.number(of: data.dropLast()) == nil)
        #expect(form.number(of: []) == nil)
        #expect(EchoForm(payloadBytes: 5).number(of: data[...]) == nil)
        data[7] ^= 1
        #expect(form.number(of: data[...]) == nil)
    }
}
