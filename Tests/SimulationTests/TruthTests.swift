import EventLoop
import JSON
import Testing

@testable import Simulation

@Suite("The truth")
struct TruthTests {
    private static func fate(
        _ number: Int,
        sent: UInt64 = 0,
        _ outcome: PacketFate.Outcome,
        ended: UInt64
    ) -> PacketFate {
        PacketFate(
            number: number,
            cause: number > 1 ? number - 1 : nil,
            isCopy: number == 3,
            source: .init(v4: 0x0a00_0002),
            destination: .init(v4: 0x0a00_0001),
            protocolNumber: 1,
            byteCount: 84,
            sentAt: sent,
            endedAt: ended,
            outcome: outcome,
            path: ["here", "web"]
        )
    }

    @Test("is written and read as the same", arguments: [1, 3])
    func roundTrip(number: Int) throws {
        let fate = Self.fate(number, sent: 5, .queueFull, ended: UInt64(Int64.max))
        #expect(try PacketFate(json: fate.json()) == fate)
    }

    @Test(
        "is refused when it is none",
        arguments: [
            "", "[]", "{}", #"{"number":1,"path":["a"],"sent":5,"ended":4}"#,
            #"{"number":1,"path":["a"],"ended":18446744073709551615}"#, #"{"from":"nowhere"}"#, #"{"outcome":"eaten"}"#,
            #"{"number":1.5}"#, #"{"sent":-1}"#,
            #"{"path":"web"}"#, #"{"number":1"#,
        ]
    )
    func refused(text: String) {
        #expect(throws: JSONError.self) { try PacketFate(json: text.utf8) }
    }

    @Test("sums up to counts, delays and ways")
    func summary() throws {
        var summary = TruthSummary()
        for number in 1...100 { summary.add(Self.fate(number, .delivered, ended: UInt64(number) * 1_000)) }
        summary.add(Self.fate(101, .lost, ended: 9_999_999))
        let flow = try #require(summary.flows.first)
        #expect(summary.flows.count == 1)
        // The third was a copy.
        #expect((flow.sent, flow.copies) == (100, 1))
        #expect(flow.outcomes == [.delivered: 99, .lost: 1])
        #expect(flow.delay(0) == .microseconds(1))
        // Of 99 delays the fiftieth and the last but one, to a hundredth.
        for (share, microseconds) in [(0.5, 51.0), (0.99, 99)] {
            let delay = try #require(flow.delay(share)) / .microseconds(1)
            #expect(abs(delay - microseconds) <= microseconds / 100)
        }
        #expect(flow.delay(1) == .microseconds(100))
        #expect(flow.paths == [["here", "web"]])
    }

    @Test("tells what was still under way at the end")
    func underway() throws {
        let observer = try Observer("vantage here 10.0.0.2\nhost web 10.0.0.1\nlink here web latency 1s")
        observer.network.send(IPPacket.echo("10.0.0.2", "10.0.0.1").bytes, from: "here")
        observer.network.run(until: 500_000_000)
        observer.network.finish()
        #expect(observer.outcomes == [.underway])
        #expect(observer.network.nextEvent == nil)
    }
}
