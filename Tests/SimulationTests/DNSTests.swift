import EventLoop
import Observability
import Testing

@testable import Simulation

@Suite("The name server of a simulated network")
struct DNSTests {
    private static let network = """
        vantage here 10.0.0.2
        host Web 10.0.0.10 fd00::10
        host ns 10.0.0.53 udp:53=dns
        link here ns
        link here Web
        """

    private static func query(_ name: String, type: UInt8, flags: UInt8 = 1) -> [UInt8] {
        let labels = name.split(separator: ".").flatMap { [UInt8($0.utf8.count)] + Array($0.utf8) }
        return [0x12, 0x34, flags, 0, 0, 1, 0, 0, 0, 0, 0, 0] + labels + [0, 0, type, 0, 1]
    }

    private static func response(to query: [UInt8]) throws -> [UInt8]? {
        DNSAnswer(try NetworkDescription(text: network).nodes).response(to: query)
    }

    @Test(
        "tells the addresses of a kind, under both names, whatever the letters' case",
        arguments: [
            ("web", UInt8(1), ["10.0.0.10"]), ("WEB.sim", 1, ["10.0.0.10"]), ("web", 28, ["fd00::10"]),
            ("ns.sim", 28, []), ("web", 15, []),
        ]
    )
    func addresses(name: String, type: UInt8, expected: [String]) throws {
        let query = Self.query(name, type: type)
        let response = try #require(try Self.response(to: query))
        #expect(Array(response[..<4]) == [0x12, 0x34, 0x85, 0])
        #expect(response.word(at: 6) == expected.count)
        #expect(Array(response[12..<query.count]) == Array(query[12...]))
        let records = Array(response[query.count...])
        let found = expected.indices.map { index in
            let size = expected[index].contains(":") ? 28 : 16
            return IPAddress(bytes: Array(records[(index * size + 12)..<((index + 1) * size)]))?.description
        }
        #expect(found == expected)
    }

    @Test("names a server of the root, for whoever asks whether it answers")
    func root() throws {
        let query = Self.query("", type: 2)
        let response = try #require(try Self.response(to: query))
        #expect(response[3] == 0 && response.word(at: 6) == 1)
        #expect(String(decoding: response.suffix(20), as: UTF8.self) == "\u{1}a\u{c}root-servers\u{3}net\0")
        #expect(try Self.response(to: Self.query("", type: 1))?[3] == 3)
    }

    @Test("says what it does not know, and what it does not understand")
    func failures() throws {
        #expect(try Self.response(to: Self.query("nobody.sim", type: 1))?[3] == 3)
        #expect(try Self.response(to: Self.query("web", type: 1, flags: 0x10))?[3] == 4)
        #expect(try Self.response(to: Array(Self.query("web", type: 1).dropLast()))?[3] == 1)
        #expect(try Self.response(to: Self.query("web", type: 1, flags: 0x80)) == nil)
        #expect(try Self.response(to: [1, 2, 3]) == nil)
        // A name that points at itself.
        #expect(try Self.response(to: [0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0xc0, 12, 0, 1, 0, 1])?[3] == 1)
    }

    @Test("answers over the network, and goes on after queries with mistakes in them")
    func overNetwork() throws {
        let observer = try Observer(Self.network)
        var random = SplitMix64(seed: 8)
        let good = Self.query("web", type: 1)
        for _ in 0..<5_000 {
            var query = good
            query[Int.random(in: 0..<query.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
            observer.send(.udp("10.0.0.2", "10.0.0.53", from: 4_000, to: 53, data: query))
        }
        let before = observer.received.count
        observer.send(.udp("10.0.0.2", "10.0.0.53", from: 4_000, to: 53, data: good))
        #expect(observer.received.count == before + 1)
        let answer = try #require(observer.received.last?.packet)
        #expect(Array(answer.bytes.suffix(4)) == [10, 0, 0, 10])
        #expect(answer.isSound)
    }
}
