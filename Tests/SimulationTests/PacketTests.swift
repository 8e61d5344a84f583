import EventLoop
import Observability
import Testing

@testable import Simulation

@Suite("Packets")
struct PacketTests {
    private static func packet(_ flags: TCPFlags, to port: UInt16, sequence: UInt32 = 1_000, data: Int = 0) -> IPPacket
    {
        let flow = TCPFlow(
            local: .init(v4: 0x0a00_0002),
            remote: .init(v4: 0x0a00_0001),
            localPort: 4_000,
            remotePort: port
        )
        let data = [UInt8](repeating: 0x61, count: data)
        return TCPSegment(flags: flags, sequence: sequence, acknowledged: 77, data: data).packet(on: flow)
    }

    @Test("of TCP are read as they were written")
    func segments() throws {
        let packet = Self.packet([.finish, .acknowledge], to: 80, data: 3)
        #expect(packet.isSound)
        let segment = try #require(TCPSegment(packet))
        #expect(segment.flags == [.finish, .acknowledge])
        #expect((segment.sequence, segment.acknowledged, segment.next) == (1_000, 77, 1_004))
        #expect(segment.data == Array("aaa".utf8))
        // A SYN with the options that Linux sends: maximum size 1460, among others.
        let options: [UInt8] = [2, 4, 5, 180, 4, 2, 8, 10, 0, 0, 0, 1, 0, 0, 0, 0, 1, 3, 3, 7]
        var bytes = Array(Self.packet(.synchronize, to: 80).payload) + options
        bytes[12] = 10 << 4
        let request = IPPacket(from: .init(v4: 1), to: .init(v4: 2), IPPacket.Number.tcp, payload: bytes)
        #expect(TCPSegment(request)?.maximumSize == 1_460)
        bytes[21] = 200
        let broken = IPPacket(from: .init(v4: 1), to: .init(v4: 2), IPPacket.Number.tcp, payload: bytes)
        #expect(TCPSegment(broken)?.maximumSize == nil)
    }

    private static func segment(_ flags: TCPFlags, sequence: UInt32 = 1_000, data: Int = 0) -> TCPSegment {
        TCPSegment(flags: flags, sequence: sequence, acknowledged: 77, data: [UInt8](repeating: 0, count: data))
    }

    @Test("of a connection are accepted, acknowledged and closed by an open port")
    func open() throws {
        let opened = try #require(Self.segment(.synchronize).acceptance(initial: 500))
        #expect((opened.flags, opened.sequence, opened.acknowledged) == ([.synchronize, .acknowledge], 500, 1_001))
        #expect(Self.segment(.acknowledge, sequence: 1_001).acceptance(initial: 500) == nil)
        let data = try #require(Self.segment(.acknowledge, sequence: 1_001, data: 5).acceptance(initial: 500))
        #expect((data.flags, data.sequence, data.acknowledged) == (.acknowledge, 501, 1_006))
        let closed = try #require(Self.segment([.finish, .acknowledge], sequence: 1_006).acceptance(initial: 500))
        #expect((closed.flags, closed.sequence, closed.acknowledged) == ([.finish, .acknowledge], 501, 1_007))
        #expect(Self.segment(.reset).acceptance(initial: 500) == nil)
    }

    @Test("for a closed port are refused")
    func closed() throws {
        let refused = try #require(Self.segment(.synchronize).refusal)
        #expect((refused.flags, refused.sequence, refused.acknowledged) == ([.reset, .acknowledge], 0, 1_001))
        let stray = try #require(Self.segment(.acknowledge).refusal)
        #expect((stray.flags, stray.sequence) == (.reset, 77))
        #expect(Self.segment(.reset).refusal == nil)
    }

    @Test("that are broken are none")
    func broken() {
        let packet = IPPacket.echo("10.0.0.2", "10.0.0.1").bytes
        for count in 0..<packet.count { #expect(IPPacket(Array(packet[..<count])) == nil) }
        let longer = IPPacket.echo("fd00::2", "fd00::1").bytes
        for count in 0..<longer.count { #expect(IPPacket(Array(longer[..<count])) == nil) }
        #expect(IPPacket(packet + [0]) == nil)
        #expect(IPPacket([0x55] + packet.dropFirst()) == nil)
        #expect(IPPacket([0x41] + packet.dropFirst()) == nil)
    }

    @Test("with mistakes in them stop nobody")
    func mistakes() throws {
        let observer = try Observer("vantage here 10.0.0.2\nhost web 10.0.0.1 tcp:80 http:81 udp:7=echo\nlink here web")
        var random = SplitMix64(seed: 5)
        let originals = [
            IPPacket.echo("10.0.0.2", "10.0.0.1"), .udp("10.0.0.2", "10.0.0.1", from: 1, to: 7),
            Self.packet(.synchronize, to: 80), Self.packet(.acknowledge, to: 80, data: 9),
            Self.packet(.synchronize, to: 81), Self.packet(.acknowledge, to: 81, sequence: 1_001, data: 9),
        ]
        for _ in 0..<20_000 {
            var bytes = originals.randomElement(using: &random)?.bytes ?? []
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
            }
            observer.network.send(bytes, from: "here")
        }
        observer.finish()
        observer.send(.echo("10.0.0.2", "10.0.0.1", sequence: 4_711))
        #expect(observer.received.last?.packet.bytes.word(at: 26) == 4_711)
    }

    @Test("have the checksums of RFC 1071's example")
    func checksum() {
        #expect(internetChecksum([0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7]) == ~0xddf2 & 0xffff)
    }

    @Test("about errors are answered by none")
    func errors() {
        let notice = IPPacket.echo("10.0.0.2", "10.0.0.1").notice(.hopLimitExceeded, from: .init(v4: 0x0a00_0001))
        #expect(notice != nil)
        #expect(notice?.notice(.hopLimitExceeded, from: .init(v4: 0x0a00_0009)) == nil)
    }
}
