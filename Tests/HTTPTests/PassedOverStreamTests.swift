import Testing

@testable import HTTP

@Suite("Streams that were passed over")
struct PassedOverStreamTests {
    @Test("are those between requests, and none that had one")
    func gaps() {
        var streams = PassedOverStreams()
        for id: Int32 in [5, 7, 13] {
            let isNew = streams.noteHead(on: id)
            #expect(isNew)
        }
        for id: Int32 in 1...20 { #expect(streams.contains(id) == [1, 2, 3, 9, 10, 11].contains(id), "\(id)") }
        let isNew = streams.noteHead(on: 9)
        #expect(!isNew)
    }

    @Test("are none where all come in their order")
    func none() {
        var streams = PassedOverStreams()
        for id in stride(from: Int32(1), to: 1_000, by: 2) { _ = streams.noteHead(on: id) }
        #expect(!(1...1_000).contains { streams.contains($0) })
    }

    @Test("are known up to the last stream there is")
    func last() {
        var streams = PassedOverStreams()
        let isNew = streams.noteHead(on: .max)
        #expect(isNew)
        #expect(streams.contains(1) && streams.contains(.max - 2) && !streams.contains(.max))
        let isAgain = streams.noteHead(on: .max)
        #expect(!isAgain)
    }

    @Test("are remembered up to a number")
    func limit() {
        var streams = PassedOverStreams()
        for id in stride(from: Int32(5), through: 5 + 6 * 16, by: 6) { _ = streams.noteHead(on: id) }
        #expect(!streams.contains(1))
        #expect(streams.contains(7))
        #expect(streams.contains(99))
    }
}
